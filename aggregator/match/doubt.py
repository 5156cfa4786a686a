"""What speaks against a copy although the texts agree: digests, quotations, bare notices."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from aggregator.match.align import Run
from aggregator.match.common import Held, Mask, notices
from aggregator.match.index import COMMON, Index
from aggregator.match.verdict import Verdict, titles_alike
from aggregator.match.words import (
    Text,
    count_words,
    known,
    text_terms,
    title_ids,
    title_terms,
)
from aggregator.model import Document, Member

# A notice that stands for a text is no longer than this, in words.
_NOTICE = 80
# A digest quotes no longer passages than this, in words, and less than this share of it is one.
_QUOTE = 80
_ITEM = 0.4
# Of what a quoted passage is about, so little comes again in what follows it, of which so many
# words are looked at, at least and at most; twice as much where the other text has words of its
# own too, so many of them.
_LOOSE = 0.1
_AFTER = (60, 150)
_OWN = 15
# A heading is a line of no more words than this, without a stop; so many make items of what stands
# below them.
_HEADING = 12
_SEVERAL = 3
_MOST_LINES = 200
# A text that shares so much of itself with one story is no digest.
_MOST = 0.6
# So many shingles in common are a passage.
_PASSAGE = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A story that a document may be a copy of, judged by the member that fits best."""

    story: int
    member: Member
    verdict: Verdict


def doubt(document: Document, held: Held, found: Found, index: Index) -> str:
    """Why a document is no copy although the texts agree, or ""."""
    return (
        _is_notice(document, found)
        or _is_digest(document, held, found, index)
        or _is_quoted(document, found, index)
    )


def _is_notice(document: Document, found: Found) -> str:
    """Why a text is a notice put in place of one ("subscribe to read on"), or "".

    What is printed under different titles and speaks of neither is no story; and what one outlet
    prints under two headlines that have nothing in common is none either.
    """
    member = found.member
    if found.verdict.matched > _NOTICE or titles_alike(document.title, member.title):
        return ""
    if document.outlet and document.outlet == member.outlet:
        return "the outlet has one short text under two headlines, as a notice is"
    terms = title_terms(document.title) | title_terms(member.title)
    related = title_terms(document.title, 3) & title_terms(member.title, 3)
    if terms and not related and not terms & text_terms(known(document.text)):
        return "the text speaks of what neither title says, as a notice does"
    return ""


def _is_digest(document: Document, held: Held, found: Found, index: Index) -> str:
    """Why the document is a digest of several stories, or "".

    A copy may end in teasers of other stories: they are less than what it copies. What its outlet
    puts below other texts too is no part of it.
    """
    verdict, story = found.verdict, found.story
    mine = _places(verdict.alignment.solid, 0)
    if len(mine) >= _MOST * len(held.text.ids):
        return ""
    if _others(held, story, mine, verdict.mask)[0] < 2:
        return ""
    mask = notices(held, document.outlet, story, index)
    several, share = _others(held, story, mine, mask)
    if several >= 2 and share >= 1:
        return f"it shares other parts with {several} other stories, as a digest does"
    return ""


def _is_quoted(document: Document, found: Found, index: Index) -> str:
    """Why the longer of the two texts only quotes the shorter, or ""."""
    verdict, member = found.verdict, found.member
    if verdict.longer >= 0.5:
        return ""
    new, old = known(document.text), known(member.text)
    theirs = [member.title, *(one.title for one in index.members(found.story))]
    solid = verdict.alignment.solid
    if len(new.ids) > len(old.ids):
        longer, mask, inside = new, verdict.mask, _places(solid, 0)
        whole, titles = document.text, theirs
    else:
        longer, mask, inside = old, verdict.mask_old, _places(solid, 1)
        whole, titles = member.text, [document.title]
        held = Held(old, index.postings(old.hashes))
        several, share = _others(held, found.story, inside, mask)
        if several >= 2 and share >= 1:
            return f"the longer text shares other parts with {several} stories, as a digest does"
    if any(titles_alike(document.title, title) for title in theirs):
        return ""
    if any(_has_line(whole, title) for title in titles):
        return "the longer text has it under its title as one item among others"
    if verdict.longer >= _ITEM:
        return ""
    return _is_item(longer, whole, inside, mask, verdict)


def _is_item(text: Text, source: str, inside: set[int], mask: Mask, verdict: Verdict) -> str:
    """Why a small part of a text is one item of many, or ""."""
    if _has_headings(source, min(inside), text.script.per_word):
        return "the longer text has it as one item of several under headings of their own"
    limit = _LOOSE if verdict.unexplained < _OWN else 2 * _LOOSE
    if verdict.matched <= _QUOTE and _is_loose(text, inside, mask, limit):
        return "the longer text goes on about other things, as a digest does"
    return ""


def _places(solid: Sequence[Run], side: int) -> set[int]:
    return {place for run in solid for place in range(run[side], run[side] + run[2])}


def _others(held: Held, story: int, mine: set[int], mask: Mask) -> tuple[int, float]:
    """How many other stories hold other parts of a text, and how much, next to what is `mine`.

    Stories that hold the same part count once: it is a passage that an outlet adds to many.
    """
    parts: dict[int, set[int]] = {}
    alike: Counter[int] = Counter()  # who has of `mine` too tells the same story
    own = 0
    for place, hash_ in held.text.shingles:
        stories = held.postings.get(hash_, ())
        if place in mine:
            own += 1
            alike.update(stories)
        elif not mask[place] and len(stories) < COMMON:
            for other in stories:
                if other != story:
                    parts.setdefault(other, set()).add(place)
    taken: set[int] = set()
    several = 0
    for other in sorted(parts, key=lambda other: (-len(parts[other]), other)):
        if alike[other] < _PASSAGE <= len(parts[other] - taken):
            taken |= parts[other]
            several += 1
    return several, len(taken) / max(1, own)


def _has_line(text: str, title: str) -> bool:
    """Whether a line of the text is this title."""
    wanted = title_ids(title)
    longest = 2 * len(title) + 20
    return len(wanted) >= 3 and any(
        len(line) < longest and title_ids(line) == wanted for line in text.split("\n")
    )


def _has_headings(text: str, first: int, per_word: float) -> bool:
    """Whether a text is paragraphs under headings, one of which stands above its word `first`."""
    counts = [(count_words(line), line) for line in text.split("\n")[:_MOST_LINES]]
    headings, above, place = 0, False, 0
    for (words, line), (more, _) in pairwise(counts):
        place += words
        if 0 < words <= min(_HEADING * per_word, more) and line[-1].isalnum():
            headings += 1
            above = above or place <= first < place + more
    return above and headings >= _SEVERAL


def _is_loose(text: Text, inside: set[int], mask: Mask, limit: float) -> bool:
    """Whether what follows a quoted passage has little to do with it."""
    rest = [i for i in range(len(text.ids)) if i not in inside and not mask[i]]
    per_word = text.script.per_word
    if len(rest) < _AFTER[0] * per_word:
        return False
    here = _subjects(text, sorted(inside))
    there = _subjects(text, rest[: int(_AFTER[1] * per_word)])
    return len(here) >= 6 and len(here & there) <= limit * len(here)


def _subjects(text: Text, places: Sequence[int]) -> set[tuple[int, ...]]:
    """What a passage is about: its long words and names, or where no spaces are, its syllables."""
    if not text.script.spaced:
        size = round(1.2 * text.script.per_word)
        return {tuple(text.ids[i : i + size]) for i in places}
    words = text.words
    return {
        (text.ids[i],)
        for i in places
        if len(words[i]) >= 5 or (len(words[i]) >= 3 and words[i][0].isupper())
    }
