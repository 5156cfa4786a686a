"""The decision: which story of the index a document is a copy of, if any."""

from collections import Counter
from collections.abc import Collection, Sequence
from operator import or_

from aggregator.match.align import Side
from aggregator.match.common import Held, Mask, Postings, notices
from aggregator.match.doubt import Found, doubt
from aggregator.match.explain import edits_between, passages_of
from aggregator.match.index import COMMON, Index
from aggregator.match.settings import DEFAULT, MatchSettings
from aggregator.match.verdict import Verdict, judge
from aggregator.match.words import Text, known
from aggregator.model import Decision, Document, Member, NearMiss

_NEAR_MISSES = 3
# A text that says only what many stories say is compared with those that hold this much of it.
# One that has this much of two stories, and most of the longer text each time, makes them one.
_NEARLY_ALL = 0.8
_MOST = 0.6
_TEASER = 60  # words
# From so many shingles on, one that is shared is an idiom; a shorter text may have no other.
_SEVERAL = 12


def fingerprint(document: Document) -> Sequence[int]:
    """The hashes to post for a document: distinct, of 47 bits, 512 at the most.

    About one for seven words; none for a text too short or too dull to be recognised.
    """
    text = known(document.text)
    return () if _is_dull(text, DEFAULT) else text.hashes


def decide(
    document: Document,
    index: Index,
    hashes: Sequence[int] | None = None,
    *,
    without: Collection[int] = (),
    settings: MatchSettings = DEFAULT,
) -> Decision:
    """Find the story that a document is a copy of, before it is added to the index.

    `hashes` is the document's fingerprint, where it is known already: most documents share nothing
    with others, and then need not be read again. `without` are stories that it may not be a copy
    of, whatever they say. Depends on the document and the index alone. In doubt the answer is a
    story of its own: a copy shown twice is a lesser evil than two stories shown as one.
    """
    if hashes is None:
        hashes = fingerprint(document)
    if not hashes:
        length = known(document.text).length
        return Decision(None, reason=f"Too little text to be recognised: {length:.0f} words.")
    postings = index.postings(hashes)
    candidates = _candidates(postings, len(hashes), settings, without)
    if not candidates:
        return Decision(None, reason="No other story shares a passage with it.")
    return Search(document, postings, index, settings).decision(candidates)


def _is_dull(text: Text, settings: MatchSettings) -> bool:
    return text.length < settings.shortest or not text.is_varied(settings.varied)


def _candidates(
    postings: Postings, hashes: int, settings: MatchSettings, without: Collection[int]
) -> list[int]:
    """The stories that share most, first. A shingle that few stories hold counts more."""
    votes: dict[int, float] = {}
    for stories in postings.values():
        if len(stories) < COMMON:
            for story in stories:
                votes[story] = votes.get(story, 0.0) + 1 / len(stories)
    for story in without:
        votes.pop(story, None)
    least = max(votes.values(), default=0.0) * settings.also_ran
    least = max(least, 1.5) if hashes >= _SEVERAL else least
    most = settings.candidates
    ranked = sorted(votes, key=lambda story: (-votes[story], story))[:most]
    ranked = [story for story in ranked if votes[story] >= least]
    if ranked or not postings:
        return ranked
    counts = Counter(story for stories in postings.values() for story in stories)
    same = [story for story, count in counts.items() if count >= _NEARLY_ALL * hashes]
    same = [story for story in same if story not in without]
    return sorted(same, key=lambda story: (-counts[story], story))[:most]


class Search:
    """One document, looked for in the index."""

    def __init__(
        self, document: Document, postings: Postings, index: Index, settings: MatchSettings
    ) -> None:
        text = known(document.text)
        self._document, self._index, self._settings = document, index, settings
        self._new = Side(document.outlet, document.title, text)
        self._held = Held(text, postings)
        self._mask = self._held.common()

    def decision(self, candidates: Sequence[int]) -> Decision:
        """What comes of looking at these stories, those that share most first."""
        found = [it for story in candidates if (it := self.judged(story))]
        if not found:
            return Decision(None, reason="No other story shares a passage with it.")
        accepted = [it for it in found if it.verdict.accepted]
        accepted.sort(key=_rank)
        refused = sorted(
            (_near_miss(it, it.verdict.refusal) for it in found if not it.verdict.accepted),
            key=lambda miss: (-miss.score, miss.story),
        )
        doubts: list[NearMiss] = []
        for number, best in enumerate(accepted):
            why = self.doubt(best)
            if not why:
                also = self._also(best, accepted[number + 1 :])
                return self._copy(best, (*doubts, *refused)[:_NEAR_MISSES], also)
            doubts.append(_near_miss(best, why))
        near = (*doubts, *refused)[:_NEAR_MISSES]
        return Decision(
            None,
            near[0].score,
            accepted[0].verdict.threshold if accepted else 0.0,
            reason=f"Like another story, and yet not a copy: {near[0].reason}.",
            near_misses=near,
        )

    def doubt(self, found: Found) -> str:
        """Why the document is no copy although the texts agree, or ""."""
        return doubt(self._document, self._held, found, self._index)

    def _also(self, best: Found, others: Sequence[Found]) -> tuple[int, ...]:
        """Stories that were kept apart before this text came, which is nearly all of each."""
        if not others or not self._is_all_of_one(best):
            return ()
        return tuple(it.story for it in others if self._is_all_of_one(it) and not self.doubt(it))

    def _is_all_of_one(self, found: Found) -> bool:
        """Whether nearly all of the text and of one that the story has are the same."""
        if _is_nearly_all(found):
            return True
        members = self._index.members(found.story)[: self._settings.members]
        others = (member for member in members if member != found.member)
        return any(
            verdict.accepted and _is_nearly_all(Found(found.story, member, verdict))
            for member in others
            if (verdict := self._compared(found.story, member))
        )

    def _copy(self, found: Found, near: tuple[NearMiss, ...], also: tuple[int, ...]) -> Decision:
        verdict, member = found.verdict, found.member
        return Decision(
            found.story,
            score=round(verdict.score, 3),
            threshold=verdict.threshold,
            reason=f"{verdict.score:.0%} of the shorter text is shared with the copy of "
            f"{member.outlet or 'an unnamed outlet'}, where {verdict.threshold:.0%} is wanted.",
            passages=passages_of(self._document.text, verdict.alignment),
            edits=edits_between(self._document, member, verdict),
            near_misses=near,
            also=also,
            whole=verdict.score >= _NEARLY_ALL and verdict.longer >= _MOST,
        )

    def judged(self, story: int) -> Found | None:
        """Judge a story by its fullest members: one that vetoes outweighs others that accept.

        None for a story whose texts are gone, while its postings are not yet.
        """
        found: list[Found] = []
        for member in self._index.members(story)[: self._settings.members]:
            found.append(Found(story, member, self._compared(story, member)))
            if found[-1].verdict.vetoed:
                return found[-1]
            if found[-1].verdict.accepted:
                break
        if not found:
            return None
        fullest, best = found[0], max(found, key=_merit)
        # Who has only what a teaser has, and goes on otherwise than the whole text, quotes it.
        if len(best.member.text) * 2 < len(fullest.member.text):
            return fullest
        return best

    def _compared(self, story: int, member: Member) -> Verdict:
        text = known(member.text)
        old = Side(member.outlet, member.title, text)
        verdict = judge(self._new, old, self._settings, mask=self._mask)
        if verdict.accepted or verdict.vetoed or not verdict.promising:
            return verdict
        # Short of likeness: look closer at what is not the text's own, on both sides.
        held_old = Held(text, self._index.postings(text.hashes))
        mask = self._foreign(self._held, self._new.outlet, story)
        mask_old = self._foreign(held_old, old.outlet, story)
        return judge(self._new, old, self._settings, mask=mask, mask_old=mask_old)

    def _foreign(self, held: Held, outlet: str, story: int) -> Mask:
        mask, ends = held.foreign(story), notices(held, outlet, story, self._index)
        return Mask(map(or_, mask, ends))


def _rank(found: Found) -> tuple[float, float, float, int]:
    """Which of several stories a text is a copy of: the one that shares most words with it.

    Not the one that it has the greatest share of, which would be a teaser by itself. A teaser is
    less likely to be of the longer text, which may be a digest.
    """
    verdict = found.verdict
    longer = verdict.longer if verdict.matched < _TEASER else 0.0
    return -round(verdict.matched), -verdict.score, -longer, found.story


def _merit(found: Found) -> tuple[bool, float, float]:
    return found.verdict.accepted, found.verdict.score, found.verdict.longer


def _is_nearly_all(found: Found) -> bool:
    verdict = found.verdict
    return verdict.headed and verdict.score >= _NEARLY_ALL and verdict.longer >= _MOST


def _near_miss(found: Found, why: str) -> NearMiss:
    return NearMiss(found.story, round(found.verdict.score, 3), why)
