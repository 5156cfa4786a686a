"""How texts are read: words, scripts, shingles."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.match.words import (
    CASELESS,
    LETTERS,
    LIMIT,
    SIGNS,
    SPACED,
    cut_out,
    read,
    title_ids,
    title_terms,
)
from tests.match.texts import FERRY, SCRIPTS


@pytest.mark.parametrize(
    ("text", "script"),
    [
        (FERRY.text, SPACED),
        (FERRY.text.upper(), CASELESS),
        (FERRY.text.lower(), CASELESS),
        (SCRIPTS["Russian"].story, SPACED),
        (SCRIPTS["Arabic"].story, CASELESS),
        (SCRIPTS["Korean"].story, CASELESS),
        (SCRIPTS["Chinese"].story, SIGNS),
        (SCRIPTS["Japanese"].story, SIGNS),
        (SCRIPTS["Thai"].story, LETTERS),
        ("", CASELESS),
    ],
)
def test_the_script_is_told_by_the_letters(text, script):
    assert read(text).script is script


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("naïve café", "naive cafe"),
        ("ёлка", "елка"),
        ("كِتَاب", "كتاب"),
        ("שָׁלוֹם", "שלום"),
        ("1,461,000", "1461000"),
        ("1.461", "1461"),
        ("٣٤", "34"),
        ("ｶﾀｶﾅ", "カタカナ"),
        ("ﬁnal", "final"),
        ("don’t", "don't"),
    ],
)
def test_one_word_written_two_ways_is_one_word(one, other):
    assert title_ids(one) == title_ids(other)


@pytest.mark.parametrize(
    ("one", "other"), [("3.5", "35"), ("का", "की"), ("กา", "กี"), ("cat", "cart"), ("1.46", "146")]
)
def test_two_words_are_not_taken_for_one(one, other):
    assert title_ids(one) != title_ids(other)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Việt Nam thắng", 3),
        ("Ἀθῆναι Άνθρωπος", 2),
        ("Łódź, Þórshöfn & Şırnak", 3),
        ("Հայաստան საქართველო", 2),
        ("मंत्री ने कहा", 3),
        ("வணக்கம் உலகம்", 2),
        ("مُعَلِّم جديد", 2),
        ("서울 시장", 2),
        ("3.5 km, 12:30, 1/2", 4),
        ("北京 2022", 3),
        ("co-operate don’t", 4),
    ],
)
def test_words_are_whole_in_every_alphabet(text, number):
    assert len(title_ids(text)) == number
    assert len(read(text).ids) == number


def test_hashes_stay_the_same_for_good_because_databases_hold_them():
    text = read("The ferry Margrethe left Skarholm for the last time on Tuesday")
    assert text.hashes == (122433957782718, 4228332664442, 101128052746248, 5519175492312)
    text = read("周二清晨，载客近百年的渡轮最后一次驶离青石岛")
    assert text.hashes[:2] == (133578957111352, 49281350083795)


@pytest.mark.parametrize("script", SCRIPTS)
def test_hashes_are_of_47_bits_in_every_script(script):
    text = read(SCRIPTS[script].story)
    assert len(text.hashes) >= 8
    assert all(0 <= hash_ < 1 << 47 for hash_ in text.hashes)


def test_a_passage_keeps_shingles_of_its_own_wherever_it_stands():
    passage = " ".join(FERRY.paragraphs[:4])
    alone = {hash_ for _, hash_ in read(passage).shingles}
    within = {hash_ for _, hash_ in read("\n".join(["Before it. " * 40, passage])).shingles}
    assert len(alone & within) >= len(alone) / 3


def test_every_sentence_has_a_shingle():
    text = read(FERRY.text)
    places = [place for place, _ in text.shingles]
    for start, end in zip(text.units, [*text.units[1:], len(text.ids)], strict=True):
        assert any(start <= place < end for place in places)


def test_a_long_text_is_read_to_its_limit():
    text = read(FERRY.text * 1000)
    assert len(text.ids) == LIMIT
    assert len(text.hashes) <= 512
    assert read("x" * 5_000_000).ids == read("x" * 60).ids


def test_a_title_is_told_by_its_longer_words():
    assert title_terms("The end of it all in 2031") == title_terms("2031")
    assert title_terms("It is so") == frozenset(title_ids("It is so"))


def test_passages_come_as_they_are_written():
    text = FERRY.text
    (whole,) = cut_out(text, [(0, len(read(text).ids))], 10_000)
    assert whole == text.rstrip(".”")
    (short,) = cut_out(text, [(4, 9)], 10_000)
    assert short == "Skarholm for the last time"
    (cut,) = cut_out(text, [(0, 60)], 20)
    assert len(cut) == 20
    assert cut.endswith("…")


@given(st.text())
def test_any_text_is_read_the_same_way_twice(text):
    one, other = read(text), read(text)
    assert one.shingles == other.shingles
    assert len(one.words) == len(one.ids)
    assert one.units == sorted(set(one.units))
    assert all(place < len(one.ids) for place in one.opens)


@given(st.text())
def test_the_form_of_unicode_makes_no_difference(text):
    composed, taken_apart = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert read(unicodedata.normalize("NFKC", composed)).ids == read(taken_apart).ids
