"""What looks like a copy and is none."""

import pytest

from tests.match.texts import (
    FERRY,
    LOCAL,
    MILL,
    NOTICE,
    SCHOOL,
    SCRIPTS,
    STORIES,
    Reader,
    closing,
    earnings,
    weather,
)

STATEMENT = (
    "The ministry has followed the matter with the greatest attention and is in close contact "
    "with all who are concerned. It will publish its findings before the summer, and until then "
    "asks everybody to refrain from speculation, which helps neither the families nor those who "
    "work on the case day and night."
)
FORMS = {
    "weather": [
        ("Weather for Penrith: 21 degrees", weather("Penrith", 21, 9, "west")),
        ("Weather for Selkirk: 17 degrees", weather("Selkirk", 17, 9, "west")),
        ("Weather for Oakham: 19 degrees", weather("Oakham", 19, 11, "north")),
    ],
    "weather under one title": [
        ("Today's weather", weather("Penrith", 21, 9, "west")),
        ("Today's weather", weather("Selkirk", 17, 9, "west")),
        ("Today's weather", weather("Selkirk", 14, 9, "west")),
    ],
    "earnings": [
        ("Brixo profit rises", earnings("Brixo", "11.8", "6.6", 11)),
        ("Velden profit rises", earnings("Velden", "31.2", "28.0", 15)),
        ("Harmsen & Co profit rises", earnings("Harmsen & Co", "7.5", "7.1", 4)),
    ],
    "the close of a market": [
        ("Shares close higher in Elgin", closing("Elgin", "6.2", "1045.1")),
        ("Shares close higher in Malden", closing("Malden", "14.9", "2219.0")),
        ("Shares close higher in Malden", closing("Malden", "3.3", "2222.3")),
    ],
}


@pytest.mark.parametrize("outlets", ["one outlet", "an outlet each"])
@pytest.mark.parametrize("form", FORMS)
def test_reports_of_one_form_are_stories_of_their_own(form, outlets):
    reader = Reader()
    for number, (title, text) in enumerate(FORMS[form]):
        outlet = "The Courier" if outlets == "one outlet" else f"Outlet {number}"
        decision = reader.read(text, title, outlet)
        assert decision.story is None, decision.reason


@pytest.mark.parametrize("script", SCRIPTS)
def test_two_reports_of_one_form_are_two_stories_in_every_script(script):
    form, (facts, others) = SCRIPTS[script].form, SCRIPTS[script].facts
    reader = Reader()
    reader.read(form.format(*facts), facts[0], "The Courier")
    decision = reader.read(form.format(*others), others[0], "Evening Post")
    assert decision.story is None, decision.reason


def test_a_form_stays_a_form_when_many_have_filled_it_in():
    reader = Reader()
    for number in range(30):
        name = f"{'BCDFGHJKLM'[number % 10]}{'aeo'[number // 10]}rinex"
        text = earnings(name, f"{number}.4", f"{30 - number}.1", number % 7)
        decision = reader.read(text, f"{name} reports", f"Outlet {number % 3}")
        assert decision.story is None, decision.reason


def test_a_republished_report_of_a_common_form_is_a_copy():
    reader = Reader()
    for number, town in enumerate(("Penrith", "Selkirk", "Oakham", "Harwich", "Kelso", "Malden")):
        reader.read(weather(town, 20 + number, 10, "west"), f"Weather for {town}", "The Courier")
    decision = reader.read(weather("Oakham", 22, 10, "west"), "Weather for Oakham", "Evening Post")
    assert decision.story == 3, decision.reason


@pytest.mark.parametrize("titled", [True, False], ids=["with their titles", "without titles"])
def test_a_roundup_of_first_lines_joins_none_of_its_stories(titled):
    reader = Reader()
    for story in STORIES:
        reader.read(story.text, story.title, "The Courier")
    items = [(s.title, *s.paragraphs[:1]) if titled else s.paragraphs[:1] for s in STORIES]
    text = "\n".join(line for item in items for line in item)
    decision = reader.read(text, "The week in brief", "Evening Post")
    assert decision.story is None, decision.reason


@pytest.mark.parametrize("titled", [True, False], ids=["with their titles", "without titles"])
def test_no_story_joins_a_roundup_that_came_before_it(titled):
    reader = Reader()
    items = [(s.title, *s.paragraphs[:1]) if titled else s.paragraphs[:1] for s in STORIES]
    text = "\n".join(line for item in items for line in item)
    reader.read(text, "The week in brief", "Evening Post")
    for story in STORIES:
        decision = reader.read(story.text, story.title, "The Courier")
        assert decision.story is None, decision.reason


def test_a_teaser_joins_its_story_and_not_the_roundup_that_has_it_first():
    reader = Reader()
    items = [line for s in STORIES for line in (s.title, s.paragraphs[0])]
    reader.read("\n".join(items), "The week in brief", "Evening Post")
    reader.read(FERRY.text, FERRY.title, "The Courier")
    decision = reader.read(FERRY.paragraphs[0], "Farewell to a ship", "Island News")
    assert decision.story == 2, decision.reason


def test_a_cut_text_does_not_join_a_roundup_that_has_it_under_another_heading():
    reader = Reader()
    items = [line for s in STORIES for line in (f"In {s.title.split()[-1]}", s.paragraphs[0])]
    reader.read("\n".join(items), "The week in brief", "Evening Post")
    text = "\n".join((FERRY.paragraphs[0], FERRY.paragraphs[1][:60]))
    decision = reader.read(text, "Farewell to a ship", "Island News")
    assert decision.story is None, decision.reason


def test_two_stories_that_carry_one_statement_stay_two():
    reader = Reader()
    for story in (MILL, SCHOOL):
        text = "\n".join((story.paragraphs[0], STATEMENT, *story.paragraphs[1:]))
        decision = reader.read(text, story.title, f"Paper on {story.title}")
        assert decision.story is None, decision.reason


def test_two_short_stories_that_carry_one_statement_stay_two():
    reader = Reader()
    for story in (MILL, SCHOOL):
        text = "\n".join((story.paragraphs[0], STATEMENT))
        decision = reader.read(text, story.title, f"Paper on {story.title}")
        assert decision.story is None, decision.reason


def test_two_accounts_of_one_event_stay_two():
    reader = Reader()
    reader.read(FERRY.text, FERRY.title, "The Courier")
    account = (
        "Skarholm said farewell to its ferry on Tuesday after ninety-five years.\n"
        "Captain Ingrid Thorsen steered the Margrethe out of the harbour at noon, cheered by "
        "hundreds who had come with umbrellas and flags, and by a brass band from the school.\n"
        "“My grandfather collected the fares on her first day, and I collected them on her "
        "last,” said deckhand Anders Lie.\n"
        "Since the bridge was finished in October hardly anybody has paid for the boat, which "
        "a foundation will turn into a library."
    )
    decision = reader.read(account, "Skarholm says farewell to the Margrethe", "Evening Post")
    assert decision.story is None, decision.reason


def test_short_texts_over_one_boilerplate_stay_apart_from_the_first():
    reader = Reader()
    for story in STORIES:
        text = "\n".join((" ".join(story.text.split()[:25]), *NOTICE))
        decision = reader.read(text, story.title, "Evening Post")
        assert decision.story is None, decision.reason


def test_columns_with_one_beginning_and_end_stay_apart():
    reader = Reader()
    for story in STORIES:
        text = "\n".join((LOCAL[0], *story.paragraphs[1:3], LOCAL[1]))
        decision = reader.read(text, f"The Tuesday column: {story.title}", "The Courier")
        assert decision.story is None, decision.reason


def test_a_notice_in_place_of_texts_makes_no_story_of_them():
    reader = Reader()
    for story in STORIES:
        decision = reader.read("\n".join(NOTICE), story.title, "The Courier")
        assert decision.story is None, decision.reason


def test_a_notice_that_two_outlets_show_makes_no_story_of_two():
    reader = Reader()
    assert reader.read(NOTICE[0], FERRY.title, "The Courier").story is None
    assert reader.read(NOTICE[0], MILL.title, "Evening Post").story is None


def test_short_items_of_one_form_stay_apart():
    reader = Reader()
    draws = {
        "Tuesday": "4, 9, 17, 23, 31 and 40",
        "Wednesday": "2, 11, 18, 25, 33 and 48",
        "Thursday": "7, 8, 20, 29, 36 and 41",
    }
    for day, numbers in draws.items():
        text = (
            f"The winning numbers in the state lottery that was drawn on {day} evening are "
            f"{numbers}; nobody had all six, and the prize goes up by a million."
        )
        decision = reader.read(text, "Winning numbers", "The Courier")
        assert decision.story is None, decision.reason


def test_the_same_lead_with_another_name_is_another_story():
    form = (
        "{} has been named the new head coach of the national rowing team, the federation said on "
        "Monday, and will take up the post after the regatta in June on a contract of two years."
    )
    reader = Reader()
    reader.read(form.format("Eva Lindqvist"), "Rowers have a new coach", "The Courier")
    decision = reader.read(form.format("Tom Achterberg"), "Rowers have a coach", "Evening Post")
    assert decision.story is None, decision.reason


def test_lists_of_headlines_on_one_event_are_no_copies_of_each_other():
    lines = [
        "Old ferry to Skarholm makes its last crossing after ninety-five years - The Courier",
        "Skarholm says farewell to the Margrethe in pouring rain - Evening Post",
        "Islanders fear for their pensioners as bridge toll replaces ferry - Harbour News",
        "Last ferry becomes a floating library in Bergen - Culture Today",
    ]
    reader = Reader()
    for first in range(4):
        listed = [lines[first], *(line for line in lines if line != lines[first])]
        decision = reader.read("\n".join(listed), lines[first], f"Outlet {first}")
        assert decision.story is None, decision.reason
