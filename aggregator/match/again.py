"""A copy whose text changed, looked at again: a teaser that was judged may have grown into a text.

A story is never parted by an edit alone. Only a text that was judged by a beginning, is at least
twice as long by now, and is plainly another than a full text of its story, was judged too early.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from aggregator.match.decide import Search, decide, fingerprint
from aggregator.match.doubt import Found
from aggregator.match.index import Index
from aggregator.match.settings import DEFAULT, MatchSettings
from aggregator.match.words import known
from aggregator.model import Decision, Document, Member

_GROWN = 2.0  # times as long as when it was judged
_FULL = 0.5  # of its length, to be a text that tells
_TELLING = 60  # words
_PLAINLY = 0.5  # of the likeness that is wanted
_CONTAINED = 0.8


@dataclass(frozen=True, slots=True)
class Again:
    """What a second look at a copy came to."""

    stays: bool
    decision: Decision  # about the new text, among other stories than its own
    why: str = ""  # why it does not stay
    joins: tuple[int, ...] = ()  # stories that the new text shows to be one with its own


def look_again(
    document: Document,
    before: str,
    story: int,
    others: Sequence[Member],
    index: Index,
    *,
    without: Collection[int] = (),
    settings: MatchSettings = DEFAULT,
) -> Again:
    """Judge a copy of a story anew, by the story's other copies; `before` is its text until now.

    `without` are stories that it may not be joined with.
    """
    hashes = fingerprint(document)
    decision = decide(document, index, hashes, without={story, *without}, settings=settings)
    if not hashes or not others:
        return Again(True, decision)
    others = sorted(others, key=lambda member: -len(member.text))
    search = Search(
        document, index.postings(hashes), _Instead(index, story, others), settings=settings
    )
    found = search.judged(story)
    if found is None:
        return Again(True, decision)
    why = found.verdict.refusal or search.doubt(found)
    if why:
        early = len(document.text) >= _GROWN * len(before)
        stays = not (early and _is_another(document, found, others[0], settings))
        return Again(stays, decision, "" if stays else why)
    joins: tuple[int, ...] = ()
    contained = found.verdict.headed and found.verdict.score >= _CONTAINED
    if contained and decision.story is not None and decision.whole:
        joins = (decision.story, *decision.also)
    return Again(True, decision, joins=joins)


def _is_another(document: Document, found: Found, fullest: Member, settings: MatchSettings) -> bool:
    """Whether a text is plainly none of a story of which a full text is known."""
    if known(fullest.text).length < max(_TELLING, _FULL * known(document.text).length):
        return False
    verdict = found.verdict
    return verdict.vetoed or verdict.score < _PLAINLY * max(verdict.threshold, settings.opened)


class _Instead:
    """An index in which a story has these members, and not those that it has."""

    def __init__(self, index: Index, story: int, members: Sequence[Member]) -> None:
        self._index, self._story, self._members = index, story, members

    def postings(self, hashes: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """As the index has them."""
        return self._index.postings(hashes)

    def members(self, story: int) -> Sequence[Member]:
        """The members given, of the one story."""
        return self._members if story == self._story else self._index.members(story)

    def add(self, story: int, document: Document, hashes: Sequence[int]) -> None:
        """As the index does it."""
        self._index.add(story, document, hashes)
