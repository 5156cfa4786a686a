"""Provenance drawn, copies compared, outlets and what passes between them."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import little_newsroom as newsroom
import pytest
from lxml import html
from web_server import serving

from aggregator.model import Exchange, Flow, OutletShare
from aggregator.web.flow_picture import MOST, flow_picture
from aggregator.web.picture import NARROW, WIDE, picture


def page(client, path: str):
    answer = client.get(path)
    return html.fromstring(answer.text), answer


def text(element) -> str:
    return " ".join(element.text_content().split())


def pair(room, words: str, *outlets: str) -> str:
    found = room.store.story(room.story(words).id)
    numbers = {copy.outlet: copy.entry for copy in found.copies}
    a, b = (numbers[outlet] for outlet in outlets)
    return f"/stories/{found.id}/compare?a={a}&b={b}"


def test_the_picture_shows_who_had_it_when_and_whom_they_credit(room):
    drawn = picture(room.store.story(room.story("Night ferry").id))
    lanes = {lane.name: lane for lane in drawn.lanes}
    assert list(lanes)[:2] == ["Lakes Wire", "The Harbour Post"]
    assert [lanes[n].role for n in ("Lakes Wire", "The Harbour Post")] == ["agency", "origin"]
    assert lanes["Lakes Wire"].seen is None
    order = ["The Harbour Post", "Valley Republisher", "Hill Courier", "Slow Gazette"]
    places = [lanes[name].seen for name in order]
    assert places == sorted(places)
    assert [(arc.carrier, arc.credited) for arc in drawn.arcs] == [
        ("The Harbour Post", "Lakes Wire"),
        ("Valley Republisher", "The Harbour Post"),
        ("Slow Gazette", "The Harbour Post"),
    ]
    proof = drawn.arcs[1].proofs[0]
    assert proof.quote == "This story originally appeared on Harbourpost.example"
    assert proof.where == "in the text"


def test_a_date_that_cannot_be_true_does_not_stretch_the_picture(room):
    story = room.store.story(room.story("Night ferry").id)
    long_ago = newsroom.NOW - timedelta(days=9000)
    copies = (replace(story.copies[0], published=long_ago), *story.copies[1:])
    drawn = picture(replace(story, copies=copies))
    assert drawn.last - drawn.first < timedelta(days=2)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_picture_of_many_copies_stays_within_its_frame(room, width):
    story = room.store.story(room.story("Rowers").id)
    many = tuple(
        replace(story.copies[n % 6], outlet=f"Outlet {n} with a long name " * 3, domain=f"o{n}.x")
        for n in range(60)
    )
    drawn = picture(replace(story, copies=many), width)
    assert drawn.left_out > 0
    for lane in drawn.lanes:
        assert 0 <= lane.y <= drawn.height
        assert lane.seen is None or 0 <= lane.seen <= width
    for arc in drawn.arcs:
        assert arc.x >= 0
        assert 0 <= arc.y <= drawn.height


def test_a_storys_page_has_the_picture_in_words_and_as_a_table(client, room):
    tree, _ = page(client, f"/stories/{room.story('Night ferry').id}")
    for drawing in tree.iterfind(".//svg[@role='img']"):
        for part in drawing.get("aria-labelledby").split():
            assert text(drawing.find(f".//*[@id='{part}']"))
        assert "Valley Republisher credits The Harbour Post." in text(drawing.find("desc"))
    marks = text(tree.find(".//ol[@class='proofs']"))
    assert "This story originally appeared on Harbourpost.example in the text" in marks
    table = tree.find(".//details[@class='as-table']//table")
    assert [text(row.find("th")) for row in table.iterfind("tbody/tr")] == [
        *("The Harbour Post", "Valley Republisher", "Hill Courier", "Slow Gazette")
    ]


def test_a_story_of_one_copy_that_credits_nobody_has_no_picture(client, room):
    tree, _ = page(client, f"/stories/{room.story('Council').id}")
    assert tree.find(".//svg[@role='img']") is None


def test_two_copies_stand_side_by_side_with_what_was_cut_and_re_headlined(client, room):
    tree, _ = page(client, pair(room, "Night ferry", "The Harbour Post", "Hill Courier"))
    cut = " ".join(text(part) for part in tree.iterfind(".//main//del"))
    assert "The timetable will be printed on the back of the tide tables" in cut
    heads = tree.findall(".//main//h2")
    assert [text(head) for head in heads] == [
        "Night ferry to run until three from April",
        "Ferry: late boats from April",
    ]
    assert "It was given another headline." in text(tree)
    assert tree.find(".//select[@name='b']/option[@selected]") is not None


def test_right_to_left_copies_are_compared_from_right_to_left(client, room):
    tree, _ = page(client, pair(room, "عبّارة", "ميناء اليوم", "Valley Republisher"))
    sides = tree.xpath("//div[contains(@class,'texts')]/p")
    assert (sides[0].get("dir"), sides[0].get("lang")) == ("rtl", "ar")
    assert sides[1].get("dir") == "ltr"


def test_without_a_choice_the_text_that_is_shown_is_compared_with_another(client, room):
    tree, answer = page(client, f"/stories/{room.story('Night ferry').id}/compare")
    assert answer.status_code == 200
    assert text(tree.find(".//main//p[@class='by']")) == "The Harbour Post"
    tree, _ = page(client, f"/stories/{room.story('Council').id}/compare")
    assert "Only one outlet carries this story" in text(tree)


@pytest.mark.parametrize(
    ("query", "status"),
    [("a=999999", 404), ("a=x", 422), ("a=0", 422), ("a=1&a=2", 422), ("c=1", 422),
     (f"b={10**30}", 422)],
)  # fmt: skip
def test_copies_that_are_not_there_and_wrong_parameters_are_told(client, room, query, status):
    tree, answer = page(client, f"/stories/{room.story('Night ferry').id}/compare?{query}")
    assert answer.status_code == status
    assert len(text(tree.find(".//main/p[2]"))) > 10
    assert client.get("/stories/nothing/compare").status_code == 404


def test_the_page_of_outlets_draws_and_lists_who_republishes_whom(client):
    tree, _ = page(client, "/outlets")
    told = text(tree.find(".//svg[@role='img']/desc"))
    assert "Valley Republisher carried 1 story of The Harbour Post" in told
    rows = {text(row.find("th")): text(row) for row in tree.xpath("//table[last()]/tbody/tr")}
    assert "33%" in rows["The Harbour Post"] or "50%" in rows["The Harbour Post"]
    assert tree.find(".//a[@href='/outlets/harbourpost.example']") is not None


def test_an_outlets_page_tells_its_stories_whom_it_credits_and_who_carries_it(client):
    tree, _ = page(client, "/outlets/HarbourPost.example")
    shown = text(tree)
    assert "Night ferry to run until three from April" in shown
    assert "its own, +3 carried it" in shown
    for heading, words in (
        ("Who carries its stories", "Valley Republisher: 1"),
        ("Whose stories it carries", "Lakes Wire: 1"),
        ("Whom it credits", "Lakes Wire: in 2 entries"),
        ("Its feeds here", "https://harbourpost.example/feed.xml fine"),
    ):
        section = next(s for s in tree.iter("section") if text(s).startswith(heading))
        assert words in text(section)
    assert client.get("/outlets/gang.example").status_code == 404
    assert page(client, "/outlets/港口日报")[1].status_code == 200


@pytest.mark.parametrize("name", ["nothing.example", "%00", "..%2f..", "%3Cscript%3E", "x" * 3000])
def test_unknown_outlets_are_not_found(client, name):
    assert client.get(f"/outlets/{name}").status_code == 404


def test_without_stories_there_are_no_outlets_and_the_page_says_so(make_room):
    with serving(make_room([]).site) as client:
        assert "No outlets yet" in client.get("/outlets").text


@pytest.mark.parametrize("count", [1, 12, 60, 400])
def test_the_drawing_of_flows_stays_readable_however_many_outlets_there_are(count):
    shares = tuple(OutletShare(str(n), f"Outlet {n}", "", 9, 3) for n in range(count + 1))
    flows = tuple(Flow("0", str(n + 1), count - n) for n in range(count))
    drawn = flow_picture(Exchange(shares, flows, (), 9))
    assert drawn.drawn == min(count, MOST)
    assert drawn.all == count
    heights = sorted(end.y for end in drawn.carriers)
    assert all(b - a >= 20 for a, b in pairwise(heights))
    assert max(heights) < drawn.height


def test_the_river_can_be_filtered_with_a_form(client):
    tree, _ = page(client, "/?language=ar")
    form = tree.find(".//form[@class='filters']")
    assert form.get("method") == "get"
    names = {field.get("name") for field in form.iter("select", "input")}
    assert names == {*("category", "language", "outlet", "origin", "agency", "copies", "age", "q")}
    blank = "category=&language=&outlet=&origin=&agency=&copies=&age=&q="
    assert len(page(client, f"/?{blank}")[0].findall(".//article")) == 7
    tree_of_many, _ = page(client, f"/?{blank.replace('copies=', 'copies=4')}")
    assert 0 < len(tree_of_many.findall(".//article")) < 7
    assert form.find(".//select[@name='language']/option[@selected]").text == "ar"
    assert len(tree.findall(".//article")) == 1


def test_a_corrected_story_says_what_was_changed_when_and_who_has_the_old_text(client, room):
    story = room.store.story(room.story("Night ferry").id)
    tree, _ = page(client, f"/stories/{story.id}")
    (change,) = tree.findall(".//li[@class='change']")
    shown = text(change)
    assert "The Harbour Post changed the text, 1 March 2026, 13:20 UTC" in shown
    assert "Correction: The last boat leaves at three, not two." in shown
    assert (text(change.find(".//del")), text(change.find(".//ins"))) == ("two", "three")
    assert "The text as it was still stands at Slow Gazette." in shown
    slow = next(c for c in tree.iterfind(".//li[@class='copy']") if "Slow" in text(c))
    assert "not corrected" in text(slow.find("h3"))
    ferry = next(a for a in page(client, "/")[0].iter("article") if "Night ferry" in text(a))
    assert "corrected" in text(ferry.find(".//p[@class='by']"))
    told = client.get(f"/api/v1/stories/{story.id}").json()["amendments"]
    assert told[0]["changes"][0]["added"] == "three"
    assert told[0]["still_old"][0].startswith("https://slow.example/")


def test_a_corrected_item_says_so_in_every_format_beside_its_credit(client):
    sentence = "The last boat leaves at three, not two."
    for form in ("rss", "atom", "json"):
        body = client.get(f"/feed.{form}").text
        assert body.count(sentence) >= 1, form
        assert "the text as it was is still at" in body


def test_earlier_versions_stand_beside_what_became_of_them(client, room):
    story = room.store.story(room.story("Night ferry").id)
    address = f"/stories/{story.id}/versions/{story.lead}"
    tree, _ = page(client, f"/stories/{story.id}")
    assert tree.find(f".//a[@href='{address}']") is not None
    tree, _ = page(client, address)
    assert text(tree.find(".//main//section//del")) == "two"
    assert text(tree.find(".//main//section//ins")) == "three"
    other = next(copy.entry for copy in story.copies if copy.entry != story.lead)
    assert "No earlier version" in page(client, f"/stories/{story.id}/versions/{other}")[1].text
    for wrong in ("999999", "x", str(10**40)):
        assert client.get(f"/stories/{story.id}/versions/{wrong}").status_code == 404
    assert client.get("/stories/nothing/versions/1").status_code == 404
