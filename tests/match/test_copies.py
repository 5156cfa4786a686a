"""What counts as a copy of one text, however it was edited."""

import random

import pytest

from aggregator.match import fingerprint
from aggregator.model import Document
from tests.match.texts import (
    FERRY,
    LOCAL,
    MILL,
    NOTICE,
    NOW,
    SCHOOL,
    SCRIPTS,
    STORIES,
    Reader,
    Told,
)

EDITS = {
    "another headline": lambda told: Told("Islanders wave goodbye", told.paragraphs),
    "a dateline": lambda told: Told(
        told.title, (f"OSLO, March 3 (Xinhua) -- {told.paragraphs[0]}", *told.paragraphs[1:])
    ),
    "cut to two paragraphs": lambda told: Told("In short: an end", told.paragraphs[:2]),
    "cut to a teaser": lambda told: Told("More inside", (" ".join(told.text.split()[:30]) + " …",)),
    "paragraphs joined": lambda told: Told(told.title, (" ".join(told.paragraphs),)),
    "every twentieth word lost": lambda told: Told(
        told.title, tuple(_without(20, p) for p in told.paragraphs)
    ),
    "local paragraphs": lambda told: Told(
        "What it means for Wexcombe", (told.paragraphs[0], *LOCAL, *told.paragraphs[1:])
    ),
    "a notice appended": lambda told: Told(told.title, (*told.paragraphs, *NOTICE)),
    "teasers appended": lambda told: Told(
        told.title,
        (*told.paragraphs, *(f"{s.title}\n{s.paragraphs[0]}" for s in STORIES if s is not told)),
    ),
    "a new opening": lambda told: Told(told.title, (LOCAL[0], *told.paragraphs)),
    "one paragraph rewritten": lambda told: Told(
        told.title, (*told.paragraphs[:2], LOCAL[1], *told.paragraphs[3:])
    ),
    "paragraphs in another order": lambda told: Told(
        told.title, (told.paragraphs[0], *reversed(told.paragraphs[1:]))
    ),
    "capital letters": lambda told: Told(
        told.title.upper(), tuple(p.upper() for p in told.paragraphs)
    ),
    "straight quotes and no dashes": lambda told: Told(
        told.title, tuple(p.replace("“", '"').replace("”", '"') for p in told.paragraphs)
    ),
}


def _without(every: int, text: str) -> str:
    return " ".join(w for n, w in enumerate(text.split(), 1) if n % every)


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("told", STORIES, ids=lambda told: told.title.split()[0])
def test_an_edited_text_is_a_copy(told, edit):
    reader = Reader()
    for story in STORIES:
        reader.read(story.text, story.title, "The Courier")
    edited = EDITS[edit](told)
    decision = reader.read(edited.text, edited.title, "Evening Post")
    assert decision.story == STORIES.index(told) + 1, decision.reason


@pytest.mark.parametrize("edit", EDITS)
def test_the_original_is_found_after_its_edited_copy(edit):
    reader = Reader()
    edited = EDITS[edit](FERRY)
    reader.read(edited.text, edited.title, "Evening Post")
    decision = reader.read(FERRY.text, FERRY.title, "The Courier")
    assert decision.story == 1, decision.reason


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_cut_text_is_a_copy_in_every_script(script):
    text = SCRIPTS[script].story
    reader = Reader()
    reader.read(text, text[:20], "The Courier")
    cut = "\n".join(text.split("\n")[:2])
    assert reader.read(cut, text[40:60], "Evening Post").story == 1


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_text_that_lost_words_is_a_copy_in_every_script(script):
    text, dice = SCRIPTS[script].story, random.Random(1)
    reader = Reader()
    reader.read(text, text[:20], "The Courier")
    unspaced = script in {"Chinese", "Japanese", "Thai"}
    pieces = text if unspaced else text.replace("\n", " \n ").split(" ")
    # A letter tells less than a word: as many words are hit.
    chance = 0.02 if unspaced else 0.05
    kept = ("" if unspaced else " ").join(p for p in pieces if dice.random() >= chance)
    assert reader.read(kept, text[40:60], "Evening Post").story == 1


def test_accents_and_points_that_a_copy_leaves_out_make_no_other_text():
    text = (
        "El niño cruzó el río después de la tormenta y avisó al alcalde, según contó su tía Inés, "
        "que vivía junto al molino y había oído los golpes en la compuerta toda la noche pasada."
    )
    reader = Reader()
    reader.read(text, "Un niño avisó al alcalde", "El Faro")
    plain = text.translate(str.maketrans("ñóíéáú", "noieau"))
    assert reader.read(plain, "Un nino aviso al alcalde", "La Voz").story == 1


def test_other_units_make_no_other_text():
    reader = Reader()
    reader.read(FERRY.text, FERRY.title, "The Courier")
    text = FERRY.text.replace("2.4 kilometres", "1.5 miles")
    assert reader.read(text, "A bridge takes over", "Evening Post").story == 1


def test_figures_that_an_update_changes_make_no_other_text():
    reader = Reader()
    reader.read(FERRY.text, FERRY.title, "The Courier")
    text = FERRY.text.replace("About four hundred", "About 600").replace("85 crowns", "95 crowns")
    assert reader.read(text, FERRY.title, "Evening Post").story == 1


def test_an_outlets_boilerplate_is_learned_from_its_first_two_texts():
    reader = Reader()
    for story in (MILL, SCHOOL):
        reader.read("\n".join((*story.paragraphs, *NOTICE)), story.title, "Evening Post")
    reader.read(FERRY.text, FERRY.title, "The Courier")
    teaser = " ".join(FERRY.text.split()[:28])
    decision = reader.read("\n".join((teaser, *NOTICE)), "Last crossing", "Evening Post")
    assert decision.story == 3, decision.reason


def test_a_copy_is_found_among_many_other_texts():
    reader = Reader()
    reader.read(MILL.text, MILL.title, "The Courier")
    dice = random.Random(3)
    words = sorted({word for story in STORIES for word in story.text.split()})
    for number in range(200):
        reader.read(" ".join(dice.choices(words, k=120)), f"Number {number}", "Noise")
    assert reader.read(MILL.text, "Dunholt mourns", "Evening Post").story == 1


def test_a_text_half_in_letters_and_half_in_signs_is_found_whichever_prevail():
    chinese, english = SCRIPTS["Chinese"].story.split("\n"), FERRY.paragraphs
    reader = Reader()
    reader.read("\n".join((*chinese, english[0])), FERRY.title, "The Courier")
    more = "\n".join((*chinese, *english[:3], *LOCAL))
    assert reader.read(more, "Farewell to a ferry", "Evening Post").story == 1


def test_a_text_that_is_nearly_all_of_two_stories_says_that_they_are_one():
    reader = Reader()
    for story, outlet in ((11, "The Courier"), (12, "Evening Post")):
        document = Document(outlet, FERRY.title, FERRY.text, NOW)
        reader.index.add(story, document, fingerprint(document))
    decision = reader.read(FERRY.text, FERRY.title, "Harbour News")
    assert decision.story == 11
    assert decision.also == (12,)
    assert reader.read(FERRY.paragraphs[0], FERRY.title, "Island News").also == ()
