"""What differs between two states of one text, as far as a reader would call it a change."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aggregator.changes.notices import is_stamp
from aggregator.changes.words import matched, words_of
from aggregator.model import Document, Hunk

_MOST_WORDS = 4000  # of a text that are looked at
_MOST_HUNKS = 8
_CONTEXT = 8  # words on each side of a change
_SHOWN = 60  # words of what was cut or added
_SAME = 0.5  # with less than this in common it is another text, at the same address
_PASSAGE = 12  # words; what adds more is news, and who lacks it has no wrong text
_PROBE, _AROUND = 10, 3  # words by which a change is looked for elsewhere
_LEAST_PROBE = 4


@dataclass(frozen=True, slots=True)
class Changes:
    """What was changed: the title ("" where it stayed), and passages of the text."""

    title_before: str = ""
    title_after: str = ""
    hunks: tuple[Hunk, ...] = ()
    more: int = 0  # passages beyond those listed


def changes_between(before: Document, after: Document, *, texts: bool = True) -> Changes | None:
    """What was changed in an entry; None where nothing was.

    White space, case, punctuation and the lines that say when a text was updated do not count,
    nor does a text that has little in common with what stood there before: feeds reuse addresses.
    Without `texts` only the titles are compared: for texts that come from different places.
    """
    hunks: list[Hunk] = []
    if texts:
        a, b = _words(before.text), _words(after.text)
        runs = matched(a, b)
        common = sum(size for _, _, size in runs)
        if common < _SAME * min(len(a), len(b)) or not (a and b):
            return None
        hunks = list(_hunks(a, b, runs))
    old, new = ([key for _, key in words_of(title)] for title in (before.title, after.title))
    renamed = bool(old and new) and old != new
    if not hunks and not renamed:
        return None
    return Changes(
        before.title if renamed else "",
        after.title if renamed else "",
        tuple(hunks[:_MOST_HUNKS]),
        max(0, len(hunks) - _MOST_HUNKS),
    )


def carries_old(text: str, hunks: Sequence[Hunk]) -> bool:
    """Whether a copy with this text has what was changed as it was before.

    A copy that lacks the place altogether carries neither the old nor the new.
    """
    here = _joined([key for _, key in words_of(text)])
    old = new = 0
    for hunk in hunks:
        if not hunk.cut and len(words_of(hunk.added)) >= _PASSAGE:
            continue
        was, now = _probe(hunk, hunk.cut), _probe(hunk, hunk.added)
        if not was or was == now:
            continue
        if now and now in here:
            new += 1
        elif was in here:
            old += 1
    return old > new


def _words(text: str) -> list[tuple[str, str]]:
    lines = (line for line in text.splitlines() if not is_stamp(line))
    return words_of("\n".join(lines))[:_MOST_WORDS]


def _hunks(
    a: Sequence[tuple[str, str]],
    b: Sequence[tuple[str, str]],
    runs: Sequence[tuple[int, int, int]],
) -> Iterator[Hunk]:
    at_a = at_b = 0
    for of_a, of_b, size in [*runs, (len(a), len(b), 0)]:
        if of_a > at_a or of_b > at_b:
            yield Hunk(
                before=_told(a[max(0, at_a - _CONTEXT) : at_a]),
                cut=_told(a[at_a:of_a]),
                added=_told(b[at_b:of_b]),
                after=_told(a[of_a : of_a + min(size, _CONTEXT)]),
            )
        at_a, at_b = of_a + size, of_b + size


def _told(words: Sequence[tuple[str, str]]) -> str:
    text = " ".join("".join(word for word, _ in words[:_SHOWN]).split())
    return f"{text} …" if len(words) > _SHOWN else text


def _probe(hunk: Hunk, inside: str) -> str:
    """The words by which one side of a change is found in another text; "" where too few."""
    middle = [key for _, key in words_of(inside.removesuffix(" …"))]
    before = [key for _, key in words_of(hunk.before)][-_AROUND:]
    after = [key for _, key in words_of(hunk.after)][:_AROUND]
    words = [*before, *middle[:_PROBE], *(after if len(middle) <= _PROBE else ())]
    return _joined(words) if len(words) >= _LEAST_PROBE else ""


def _joined(words: Sequence[str]) -> str:
    return "\x1f" + "\x1f".join(words) + "\x1f"
