"""Texts to terms, for search: the same terms whatever database looks for them.

A term is a word in lower case, without the accents that people leave out when they type. Where a
script has no spaces between words, each two letters that follow each other are a term, and a word
that is looked for is a phrase of them: so 渡轮 is found in 夜间渡轮, however words are cut.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LONGEST = 4000  # characters of a text that can be searched
_LONGEST_TERM = 64
_MOST_PHRASES = 20

# Thai, Lao, Myanmar, Khmer, kana, Han.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
)
# In the scripts of India vowels are marks, without which words are not the same.
_INDIC = "\u0900-\u0963\u0966-\u0dff"
_RUN = re.compile(rf"(?P<unspaced>[{_UNSPACED}]+)|(?:[^\W_{_UNSPACED}]|[{_INDIC}])+")
_SPECIAL = re.compile(f"[{_UNSPACED}{_INDIC}]")
_WORD = re.compile(r"[^\W_]+")
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]")
_PHRASE = re.compile(r'"([^"]*)"?|(\S+)')


@dataclass(frozen=True, slots=True)
class Phrase:
    """Terms that must follow each other; the last may go on where `open` says so."""

    terms: tuple[str, ...]
    open: bool = False


def terms(text: str) -> list[str]:
    """The terms of a text, in order."""
    plain = _plain(text)
    if not _SPECIAL.search(plain):  # most texts; this is three times as fast
        return [word[:_LONGEST_TERM] for word in _WORD.findall(plain)]
    return [term for run in _RUN.finditer(plain) for term in _of_run(run)]


def phrases(query: str) -> list[Phrase] | None:
    """What a query looks for, all of which must be there; None where it has no word in it.

    Words stand by themselves, "some words" in quotation marks must follow each other, and ferr*
    finds all that begins so.
    """
    found = []
    for quoted, word in _PHRASE.findall(query):
        wanted = quoted or word
        runs = list(_RUN.finditer(_plain(wanted)))
        if not runs:
            continue
        parts = [list(_of_run(run))[: -1 if run["unspaced"] and len(run[0]) > 1 else None]
                 for run in runs]  # fmt: skip
        lone = bool(runs[-1]["unspaced"]) and len(runs[-1][0]) == 1
        found.append(
            Phrase(tuple(term for part in parts for term in part), wanted.endswith("*") or lone)
        )
    return found[:_MOST_PHRASES] or None


def for_fts5(wanted: Sequence[Phrase]) -> str:
    """The query in the words of SQLite's FTS5."""
    return " AND ".join(
        f'"{" ".join(phrase.terms)}"{" *" if phrase.open else ""}' for phrase in wanted
    )


def for_tsquery(wanted: Sequence[Phrase]) -> str:
    """The query in the words of PostgreSQL's `tsquery`."""
    return " & ".join(
        "(" + " <-> ".join(f"'{term}'" for term in phrase.terms) + ":*" * phrase.open + ")"
        for phrase in wanted
    )


def for_tsvector(found: Sequence[str]) -> str:
    """Terms in the words of PostgreSQL's `tsvector`, with their places."""
    return " ".join(f"'{term}':{place}" for place, term in enumerate(found, 1))


def _plain(text: str) -> str:
    text = text[:LONGEST]
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", text).casefold()
    apart = unicodedata.normalize("NFKD", folded)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart))


def _of_run(run: re.Match[str]) -> Iterator[str]:
    if run["unspaced"] is None:
        yield run[0][:_LONGEST_TERM]
        return
    letters = run[0]
    # The last letter is a term of its own, so that one letter alone is found wherever it stands.
    yield from (letters[place : place + 2] for place in range(len(letters)))
