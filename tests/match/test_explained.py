"""What people are told about a decision."""

from tests.match.texts import FERRY, LOCAL, MILL, NOTICE, SCHOOL, STORIES, Reader, weather


def read_twice(text: str, title: str = FERRY.title):
    reader = Reader()
    reader.read(FERRY.text, FERRY.title, "The Courier")
    return reader.read(text, title, "Evening Post")


def test_a_copy_is_explained_by_a_sentence_with_score_and_threshold():
    decision = read_twice(FERRY.text)
    assert decision.score == 1.0
    assert 0 < decision.threshold < 1
    assert decision.reason == (
        "100% of the shorter text is shared with the copy of The Courier, where 33% is wanted."
    )


def test_the_shared_passages_are_told_longest_first_as_the_new_text_has_them():
    text = "\n".join((*FERRY.paragraphs[:2], LOCAL[0], FERRY.paragraphs[2]))
    decision = read_twice(text)
    first, second = decision.passages
    assert first.startswith("The ferry Margrethe left Skarholm")
    assert second.startswith("bridge of 2.4 kilometres")
    assert all(len(passage) <= 300 for passage in decision.passages)


def test_each_edit_is_named():
    paragraphs = FERRY.paragraphs
    edited = {
        (): FERRY.text,
        ("headline changed",): FERRY.text,
        ("beginning changed",): f"OSLO (Xinhua) -- {FERRY.text}",
        ("passages added",): "\n".join((paragraphs[0], LOCAL[0], *paragraphs[1:])),
        ("passages cut",): "\n".join((*paragraphs[:2], *paragraphs[3:])),
        ("passages rewritten",): "\n".join((*paragraphs[:2], LOCAL[0], *paragraphs[3:])),
        ("words changed",): FERRY.text.replace("stood on the quay", "waited on the pier"),
        ("text appended",): "\n".join((*paragraphs, LOCAL[0])),
        ("end cut",): "\n".join(paragraphs[:4]),
    }
    for edits, text in edited.items():
        title = "Farewell to a ship" if "headline changed" in edits else FERRY.title
        decision = read_twice(text, title)
        assert decision.story == 1, decision.reason
        assert decision.edits == edits


def test_moved_passages_are_named():
    paragraphs = FERRY.paragraphs
    decision = read_twice("\n".join((paragraphs[0], *reversed(paragraphs[1:]))))
    assert "passages moved" in decision.edits


def test_what_an_outlet_always_appends_is_called_boilerplate():
    reader = Reader()
    for story in STORIES:
        reader.read(story.text, story.title, "The Courier")
    for number in range(6):
        text = weather(f"Town {number}", number, number, "west")
        reader.read("\n".join((text, *NOTICE)), f"Weather {number}", "Evening Post")
    decision = reader.read("\n".join((FERRY.text, *NOTICE)), FERRY.title, "Evening Post")
    assert decision.edits == ("boilerplate appended",)


def test_a_near_miss_says_which_story_and_why_not():
    reader = Reader()
    reader.read(MILL.text, MILL.title, "The Courier")
    reader.read(weather("Penrith", 21, 9, "west"), "Weather for Penrith", "The Courier")
    decision = reader.read(weather("Oakham", 24, 11, "east"), "Weather for Oakham", "Evening Post")
    (miss,) = decision.near_misses
    assert (decision.story, miss.story) == (None, 2)
    assert miss.score > 0.5
    assert miss.reason == "text and title differ in the same place: “Oakham” and “Penrith”"
    assert miss.reason in decision.reason


def test_a_text_like_no_other_is_said_to_be():
    reader = Reader()
    reader.read(MILL.text, MILL.title)
    decision = reader.read(SCHOOL.text, SCHOOL.title)
    assert decision.reason == "No other story shares a passage with it."
    assert decision.near_misses == ()


def test_a_text_that_is_too_short_is_said_to_be():
    assert Reader().read("Nothing to see here.").reason == (
        "Too little text to be recognised: 4 words."
    )


def test_a_nameless_outlet_is_told_as_such():
    reader = Reader()
    reader.read(FERRY.text, FERRY.title)
    assert "an unnamed outlet" in reader.read(FERRY.text, FERRY.title).reason
