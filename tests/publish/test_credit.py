"""The credit paragraph, in many languages."""

import re
from dataclasses import replace

import pytest
from lxml import html

from aggregator.model import Origin, Role
from aggregator.publish import credit, credit_of

LANGUAGES = sorted(credit._tables())


def test_two_dozen_languages_have_words_of_their_own():
    assert len(LANGUAGES) >= 24
    assert {
        *("en", "es", "fr", "de", "pt", "it", "nl", "sv", "pl", "ru", "uk", "tr"),
        *("ar", "hi", "zh", "ja", "ko", "vi", "id"),
    } <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everybody_is_named_and_linked_in_each_language(language, story):
    line = credit_of(replace(story, language=language))
    assert line.language.lower() == language
    paragraph = html.fromstring(line.paragraph)
    assert [(a.text_content(), a.get("href")) for a in paragraph.iterfind(".//a")] == [
        ("The Harbour Post", "https://harbourpost.example/ferry"),
        ("Lakes Wire", "https://lakeswire.example/"),
        ("Valley Republisher", "https://valley.example/ferry"),
    ]
    assert paragraph.find("strong").text_content() == "The Harbour Post"
    assert not re.search(r"[{}]", line.text)


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("de-AT", "Zuerst erschienen bei"),
        ("no", "Opprinnelig"),
        ("zh-TW", "原載於"),
        ("zh-Hans-CN", "原载于"),
        ("xx", "Originally"),
        ("", "Originally"),
        ("eo", "Originally"),
    ],
)
def test_the_nearest_language_speaks_and_english_for_those_that_have_none(tag, words, story):
    assert credit_of(replace(story, language=tag)).text.startswith(words)


def test_right_to_left_languages_keep_latin_names_in_their_places(story):
    line = credit_of(replace(story, language="ar"))
    assert line.paragraph.startswith('<p lang="ar" dir="rtl">')
    assert "<bdi>The Harbour Post</bdi>" in line.html
    assert "·\u200f" in line.text


@pytest.mark.parametrize(
    ("carriers", "tail"),
    [
        (5, "Paper 0, Paper 1, Paper 2, Paper 3, Paper 4"),
        (6, "Paper 0, Paper 1, Paper 2, Paper 3 and 2 others"),
        (40, "Paper 0, Paper 1, Paper 2, Paper 3 and 36 others"),
    ],
)
def test_a_long_list_of_carriers_is_counted_and_never_one_alone(carriers, tail, with_carriers):
    line = credit_of(with_carriers(carriers))
    assert line.text.endswith(f"also carried by Valley Republisher, {tail}")


def test_an_outlet_is_named_once_however_many_copies_and_spellings_it_has(story):
    again = replace(story.copies[0], outlet="VALLEY  republisher", domain="feeds.valley.example")
    by_domain = replace(story.copies[0], outlet="Valley", url="https://valley.example/2")
    line = credit_of(replace(story, copies=(*story.copies, again, by_domain)))
    assert line.text.endswith("also carried by Valley Republisher")


def test_a_hostile_name_is_shown_and_does_nothing(story):
    name = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    origin = Origin(name, "x", 'https://a.example/"onx="', Role.PUBLISHER, 0.5, "so")
    tree = html.fromstring(credit_of(replace(story, origin=origin)).paragraph)
    assert not list(tree.iter("script", "img"))
    assert all(set(a.attrib) == {"href"} for a in tree.iter("a"))


def test_an_origin_without_a_name_is_called_by_its_domain(story):
    origin = replace(story.origin, name=" ")
    assert "appeared on harbourpost.example" in credit_of(replace(story, origin=origin)).text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"appeared": "From {outlets}"}, "appeared must hold"),
        ({"wire": "no place"}, "wire must hold"),
        ({"extra": "x"}, "no others"),
    ],
)
def test_a_table_with_a_mistake_is_refused_with_its_place(change, words):
    english = dict(credit._tables()["en"])
    with pytest.raises(ValueError, match=words):
        credit._checked("de", english | change, english)
