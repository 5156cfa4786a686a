"""The data of phrases and outlets, and what is said of a file that is not as it should be."""

import re

import pytest

from aggregator.credit.phrases import Means, Place, load_phrases, phrase_files, read_file
from aggregator.credit.validate import problems

LANGUAGES = set(
    "ar cs da de el en es fa fi fr he hi hu id it ja ko nl pl pt ro ru sv th tr uk vi zh".split()  # noqa: SIM905
)


def test_every_phrase_credits_what_its_example_says_and_every_outlet_can_be_found() -> None:
    assert list(problems()) == []


def test_there_is_a_file_for_each_of_many_languages() -> None:
    languages = {path.name.removesuffix(".toml") for path in phrase_files()}
    assert languages >= LANGUAGES
    spoken = {phrase.language for phrase in load_phrases().all if phrase.means is Means.FULL}
    assert spoken == languages


def _file(phrase: str, words: str = 'first = "first | originally"') -> str:
    return f"[words]\n{words}\n[[phrase]]\n{phrase}\n"


GOOD = 'say = "<first> seen in {outlet}"\nexample = "First seen in Moor Echo"'


def test_a_phrase_of_a_file_is_read() -> None:
    (phrase,), words = read_file(_file(GOOD), "en")
    assert words == {"first": ["first", "originally"]}
    assert (phrase.means, phrase.place, phrase.final) == (Means.FULL, Place.ANYWHERE, "outlet")
    match = phrase.pattern.match("Originally   seen in Moor Echo")
    assert match is not None
    assert match.end() == len("Originally   seen in ")


def test_words_in_brackets_may_be_missing_and_one_of_those_with_bars_must_stand() -> None:
    (phrase,), _ = read_file(
        _file(
            'say = "[<first>] (seen | heard) [here] in {outlet}"\nexample = "Heard in Moor Echo"'
        ),
        "en",
    )
    for text in ("seen in X", "First heard in X", "originally seen here in X"):
        assert phrase.pattern.match(text), text
    for text in ("First in X", "firstly seen in X", "seen there in X"):
        assert not phrase.pattern.match(text), text


def test_a_language_without_spaces_needs_none_between_words() -> None:
    (phrase,), _ = read_file(
        _file('say = "<first> {outlet}"\nexample = "首发 码头日报"', 'first = "首发 于"'), "zh"
    )
    assert phrase.pattern.match("首发于码头日报")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("say =", "Invalid value"),
        (_file('say = "seen in {outlet}"'), "needs `say` and `example`"),
        (_file('example = "Seen in X"'), "needs `say` and `example`"),
        (_file(GOOD + '\ncolour = "red"'), "colour is none of"),
        (_file(GOOD + '\nmeans = "all"'), "'all' is not a valid Means"),
        (_file(GOOD + '\nplace = "top"'), "'top' is not a valid Place"),
        (_file(GOOD.replace("<first>", "<last>")), "no list of words is called 'last'"),
        (_file(GOOD.replace("{outlet}", "{paper}")), "{paper} is none of"),
        (_file(GOOD.replace("seen", "(seen")), "')' is missing"),
        (_file(GOOD.replace("seen", "seen]")), "']' closes nothing"),
        (_file(GOOD.replace("seen", "<seen")), "means nothing"),
        (_file('say = "[seen in] {outlet}"\nexample = "X"'), "nothing can find it"),
        (_file(GOOD, 'first = ["first"]'), "in one string"),
        ("[phrases]\n", "is neither [words] nor [[phrase]]"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read_file(text, "en")
