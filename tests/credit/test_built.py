"""Credit lines that no phrase foresees, read by what they are built of."""

import pytest

from aggregator.credit.built import load_words
from aggregator.model import Role
from tests.credit.reading import STORY, at_end, at_head, names, read


@pytest.mark.parametrize(
    ("line", "name", "language"),
    [
        ("This essay is adapted from a piece that ran in the Moor Review.", "Moor Review", "en"),
        ("Published under Creative Commons from the Moor Post.", "Moor Post", "en"),
        ("Taken from The Moor Echo with the kind permission of the author.", "Moor Echo", "en"),
        ("This story was produced by Globetrotter, a project.", "Globetrotter", "en"),
        ("Este texto se republica aquí con permiso de la revista Moor Echo.", "Moor Echo", "es"),
        ("Nous reproduisons ici un texte publié par Le Temps.", "Le Temps", "fr"),
        ("Diese Meldung wurde von der dpa übernommen.", "dpa", "de"),
        ("Ripubblicato con licenza da Il Post.", "Il Post", "it"),
        ("Tekst opublikowany za zgodą redakcji serwisu OKO.press.", "OKO.press", "pl"),
        ("Материал публикуется с разрешения издания Meduza.", "Meduza", "ru"),
        ("Yazının aslı Evrensel gazetesinde yayımlanmıştır.", "Evrensel", "tr"),
        ("Artikkeli julkaistiin ensin Ylen sivuilla.", "Yle", "fi"),
        ("Članek je bil prvič objavljen v reviji Moor Echo.", "Moor Echo", "sl"),
    ],
)  # fmt: skip
def test_a_line_is_read_by_what_it_is_built_of(line: str, name: str, language: str) -> None:
    assert [n.removeprefix("The ") for n in names(at_end(line, language=language))] == [name]


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("The series won a prize when it ran in The Boston Globe.", "en"),
        ("She first appeared on CNN in 2010.", "en"),
        ("That piece first ran in The Nation.", "en"),
        ("Related: This story first appeared on Vox", "en"),
        ("He said: “This story originally appeared in The Onion.” Nobody laughed.", "en"),
        ("This version of the tram was originally produced by Siemens.", "en"),
        ("This article was translated by Ludvik Zorn.", "en"),
        ("The recipe first appeared in Gourmet in 1978.", "en"),
        ("The council published its plan with the permission of The Star.", "en"),
        ("El informe, publicado por la BBC, habla de retrasos.", "es"),
        ("L’enquête a été publiée dans Nature.", "fr"),
        ("Der Roman erschien zuerst in der Frankfurter Zeitung.", "de"),
        ("Dikutip dari Antara, depo akan dibuka.", "id"),
        ("A tanulmány a Nature folyóiratban jelent meg.", "hu"),
    ],
)
def test_what_only_tells_of_publishing_credits_nobody(line: str, language: str) -> None:
    assert at_end(line, language=language) == ()


def test_a_line_in_the_middle_of_a_text_is_part_of_it() -> None:
    line = "This text was reproduced with the consent of the Moor Post."
    found = read(*STORY, *STORY, line, *STORY, *STORY)
    assert [credit for credit in found if credit.role is not Role.REPORTING] == []
    assert names(at_head(line)) == ["Moor Post"]


def test_a_sentence_of_any_length_is_borne() -> None:
    assert at_end("This article was republished " + "and republished " * 30 + "by nobody.") == ()


def test_each_language_says_enough_to_be_read() -> None:
    words = load_words()
    kinds: dict[str, set[str]] = {}
    for listed in words.exact.values():
        for language, kind in listed:
            kinds.setdefault(language, set()).add(kind)
    for stems in words.stems.values():
        for _, language, kind in stems:
            kinds[language].add(kind)
    assert len(kinds) > 40
    for language, there in kinds.items():
        assert there >= {"this", "text", "first", "published"}, language
        assert "at" in there or language in words.before, language
