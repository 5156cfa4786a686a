"""The decision: which story of the index a document is a copy of, if any."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from aggregator.match.explain import edits_between, passages_of
from aggregator.match.index import COMMON, Index
from aggregator.match.verdict import DEFAULT, MatchSettings, Verdict, judge
from aggregator.match.words import Text, read
from aggregator.model import Decision, Document, Member, NearMiss

# Shingles of one document that are posted and asked for, at the most.
_MOST_HASHES = 512
_NEAR_MISSES = 3


@dataclass(frozen=True, slots=True)
class _Found:
    """A candidate, judged by the member that fits best."""

    story: int
    verdict: Verdict
    member: Member


def fingerprint(document: Document) -> Sequence[int]:
    """The hashes to post for a document: distinct, signed 64-bit, 512 at the most.

    About one for four words; none for a text too short to be recognised.
    """
    text = _read(document.text)
    if text.length < DEFAULT.shortest:
        return ()
    return _hashes(text)


def decide(document: Document, index: Index, settings: MatchSettings = DEFAULT) -> Decision:
    """Find the story that a document is a copy of, before it is added to the index.

    Depends on the document and the index alone. In doubt the answer is a story of its own: a copy
    shown twice is a lesser evil than two stories shown as one.
    """
    text = _read(document.text)
    if text.length < settings.shortest:
        return Decision(None, reason=f"Too short to be recognised: {text.length:.0f} words.")
    postings = index.postings(_hashes(text))
    votes: Counter[int] = Counter()
    for stories in postings.values():
        if len(stories) < COMMON:
            votes.update(stories)
    if not votes:
        return Decision(None, reason="No other story shares a passage with it.")
    common, template = _common(text, {h for h, found in postings.items() if len(found) >= COMMON})

    ranked = sorted(votes, key=lambda story: (-votes[story], story))[: settings.candidates]
    found = [_judge(story, document, text, index, common, template, settings) for story in ranked]
    accepted = [it for it in found if it.verdict.accepted]
    near = _near_misses(found)
    if not accepted:
        return Decision(
            None,
            score=near[0].score if near else 0.0,
            reason=f"Like another story, and yet not a copy: {near[0].reason}."
            if near
            else "No other story shares enough with it.",
            near_misses=near,
        )
    best = max(accepted, key=lambda it: (it.verdict.score, it.verdict.longer, -it.story))
    why = _digest(text, found, best) or _quoted(document, text, best, index)
    if why:
        near = (NearMiss(best.story, best.verdict.score, why), *near)[:_NEAR_MISSES]
        return Decision(
            None,
            score=best.verdict.score,
            threshold=best.verdict.threshold,
            reason=f"Like another story, and yet not a copy: {why}.",
            near_misses=near,
        )
    verdict = best.verdict
    return Decision(
        best.story,
        score=round(verdict.score, 3),
        threshold=verdict.threshold,
        reason=f"{verdict.score:.0%} of the shorter text is shared with the copy of "
        f"{best.member.outlet or 'an unnamed outlet'}, where {verdict.threshold:.0%} is wanted.",
        passages=passages_of(document.text, verdict.alignment),
        edits=edits_between(document, best.member, verdict.alignment),
        near_misses=near,
    )


@lru_cache(maxsize=1024)
def _read(text: str) -> Text:
    return read(text)


def _hashes(text: Text) -> tuple[int, ...]:
    return tuple(dict.fromkeys(hash_ for _, hash_ in text.shingles))[:_MOST_HASHES]


def _common(text: Text, shared: set[int]) -> tuple[list[bool], bool]:
    """Which words stand in paragraphs that many stories share, and whether most do."""
    common = [False] * len(text.ids)
    if not shared:
        return common, False
    count = [0, 0]
    bounds = [*text.paragraphs, len(text.ids)]
    places = iter([*text.shingles, (len(text.ids), 0)])
    place, hash_ = next(places)
    for start, end in zip(bounds, bounds[1:], strict=False):
        here = [0, 0]
        while place < end:
            here[hash_ in shared] += 1
            place, hash_ = next(places)
        count[0] += here[0]
        count[1] += here[1]
        if here[1] > here[0]:
            common[start:end] = [True] * (end - start)
    return common, count[1] > count[0]


def _judge(
    story: int,
    document: Document,
    text: Text,
    index: Index,
    common: list[bool],
    template: bool,
    settings: MatchSettings,
) -> _Found:
    """Judge a story by its fullest members: one that vetoes outweighs others that accept."""
    best: _Found | None = None
    for member in index.members(story)[: settings.members]:
        verdict = judge(
            text,
            _read(member.text),
            titles=(document.title, member.title),
            common=common,
            template=template,
            settings=settings,
        )
        it = _Found(story, verdict, member)
        if verdict.vetoed:
            return it
        if best is None or _rank(verdict) > _rank(best.verdict):
            best = it
        if verdict.accepted and verdict.score >= 0.9:
            break
    assert best is not None, "a story with postings has a member"
    return best


def _rank(verdict: Verdict) -> tuple[bool, float, float]:
    return verdict.accepted, verdict.score, verdict.longer


def _near_misses(found: list[_Found]) -> tuple[NearMiss, ...]:
    refused = [it for it in found if not it.verdict.accepted]
    refused.sort(key=lambda it: (-it.verdict.score, it.story))
    return tuple(
        NearMiss(it.story, round(it.verdict.score, 3), it.verdict.refusal)
        for it in refused[:_NEAR_MISSES]
    )


def _digest(text: Text, found: list[_Found], best: _Found) -> str:
    """Why a text is a digest of several stories, or "".

    A copy may end in teasers of other stories: they are less than what it copies.
    """
    mine = _places(best)
    if len(mine) >= 0.6 * len(text.ids):
        return ""
    taken, others, stories = set(mine), 0, 0
    for it in found:
        if it is best:
            continue
        places = _places(it) - taken
        if len(places) >= 12 * text.script.per_word:
            taken |= places
            others += len(places)
            stories += 1
    if stories >= 2 and others >= len(mine):
        return f"it shares other parts with {stories} other stories, as a digest does"
    return ""


def _places(found: _Found) -> set[int]:
    runs = found.verdict.alignment.solid
    return {place for run in runs for place in range(run.a, run.a + run.size)}


def _quoted(document: Document, text: Text, best: _Found, index: Index) -> str:
    """Why the longer of two texts only quotes the shorter, or ""."""
    if best.verdict.longer >= 0.5:
        return ""
    member = _read(best.member.text)
    if len(member.ids) < len(text.ids):
        whole, title = document.text, best.member.title
    else:
        whole, title = best.member.text, document.title
        foreign = _foreign(member, best.story, index)
        if foreign >= 2:
            return f"the longer text shares other parts with {foreign} stories, as a digest does"
    if _has_paragraph(whole, title) and not _same_title(document.title, best.member.title):
        return "the longer text has it under its title as one item among others"
    return ""


def _foreign(member: Text, story: int, index: Index) -> int:
    """How many other stories hold a large part of a story's text between them."""
    votes: Counter[int] = Counter()
    held = 0
    for stories in index.postings(_hashes(member)).values():
        others = [other for other in stories if other != story]
        if others and len(stories) < COMMON:
            votes.update(others)
            held += 1
    large = [other for other, count in votes.items() if count >= 3]
    return len(large) if held >= 0.4 * len(_hashes(member)) else 0


def _has_paragraph(text: str, title: str) -> bool:
    wanted = read(title).ids
    if len(wanted) < 3:
        return False
    return any(
        len(line) < 2 * len(title) + 20 and read(line).ids == wanted for line in text.split("\n")
    )


def _same_title(x: str, y: str) -> bool:
    return read(x).ids == read(y).ids
