"""Whether two texts are copies of one text."""

from dataclasses import dataclass
from operator import or_

from aggregator.match.align import Alignment, Run, Side, align
from aggregator.match.common import Mask
from aggregator.match.settings import MatchSettings
from aggregator.match.slots import compare
from aggregator.match.words import Text, title_ids, title_terms


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comparing two texts came to."""

    score: float  # share of the shorter text
    threshold: float
    longer: float  # share of the longer text
    matched: float  # words
    unexplained: float  # words of the shorter text that the other lacks
    headed: bool  # whether they begin alike
    refusal: str  # why they are not copies; "" where they are
    vetoed: bool  # refused for what differs, not for want of likeness
    alignment: Alignment
    mask: Mask  # what is not the new text's own
    mask_old: Mask  # nor the other's

    @property
    def accepted(self) -> bool:
        """Whether they are copies."""
        return not self.refusal

    @property
    def promising(self) -> bool:
        """Whether they might be, if less of either were its own."""
        return self.headed or self.score >= 0.4


@dataclass(frozen=True, slots=True)
class _Measures:
    """Two texts, measured without what is not their own. Lengths in words."""

    score: float
    longer: float
    words: float
    unexplained: float
    headed: bool
    opened: bool  # headed, and well so
    same_outlet: bool


def judge(
    new: Side, old: Side, settings: MatchSettings, *, mask: Mask, mask_old: Mask | None = None
) -> Verdict:
    """Compare a new text with a member of a story.

    The masks say which words are not the text's own; without one for the old text, what it shares
    with masked words of the new one is masked in it too.
    """
    a, b = new.text, old.text
    alignment = align(a, b)
    matched, mask_b = _matched(alignment, mask, mask_old or Mask(len(b.ids)))
    shorter, longer = sorted((mask.count(0), mask_b.count(0)))
    per_word = _per_word(a, b)
    if shorter < settings.shortest * per_word:
        return _without_own(new, old, alignment, settings, mask=mask, mask_old=mask_b)
    headed = opened = False
    if matched >= settings.shortest * per_word:
        headed, opened = _heads_agree(a, b, alignment.solid, settings)
    measures = _Measures(
        score=min(1.0, matched / shorter),
        longer=min(1.0, matched / longer),
        words=matched / per_word,
        unexplained=(shorter - matched) / per_word,
        headed=headed,
        opened=opened,
        same_outlet=bool(new.outlet) and new.outlet == old.outlet,
    )
    threshold = _threshold(measures, settings)
    refusal = _shortfall(measures, threshold, settings) or _otherwise(
        new, old, alignment, measures, settings
    )
    veto = ""
    if not refusal or measures.score > 0.5:
        veto = compare(new, old, alignment, mask).veto(
            alignment.matched / per_word, same_outlet=measures.same_outlet
        )
    return Verdict(
        score=measures.score,
        threshold=threshold,
        longer=measures.longer,
        matched=measures.words,
        unexplained=measures.unexplained,
        headed=headed,
        refusal=veto or refusal,
        vetoed=bool(veto),
        alignment=alignment,
        mask=mask,
        mask_old=mask_b,
    )


def titles_alike(x: str, y: str) -> bool:
    """Whether two titles have most of the shorter one's words in common."""
    if title_ids(x) == title_ids(y):
        return True
    a, b = title_terms(x), title_terms(y)
    return len(a & b) >= 2 and len(a & b) * 2 > min(len(a), len(b))


def _matched(alignment: Alignment, mask: Mask, mask_old: Mask) -> tuple[int, Mask]:
    """How many words are shared that neither mask covers; and the second, with both."""
    matched, both = 0, Mask(mask_old)
    for of_a, of_b, size in alignment.solid:
        here, there = mask[of_a : of_a + size], both[of_b : of_b + size]
        if 1 in here or 1 in there:
            there = Mask(map(or_, here, there))
            both[of_b : of_b + size] = there
        matched += there.count(0)
    return matched, both


def _per_word(a: Text, b: Text) -> float:
    return max(a.script.per_word, b.script.per_word)


def _threshold(measures: _Measures, settings: MatchSettings) -> float:
    if not measures.headed:
        threshold = settings.headless
    elif measures.opened and measures.unexplained <= settings.unexplained:
        threshold = settings.opened
    elif measures.words >= settings.short:
        threshold = settings.headed
    else:
        threshold = settings.headed_short
    return max(threshold, settings.same_outlet) if measures.same_outlet else threshold


def _shortfall(measures: _Measures, threshold: float, settings: MatchSettings) -> str:
    """Why two texts share too little, or ""."""
    if measures.words < settings.shortest:
        return f"only {measures.words:.0f} words are shared that few other stories have"
    if measures.score < threshold:
        where = "" if measures.headed else " where the beginnings differ"
        return (
            f"{measures.score:.0%} of the shorter text is shared, {threshold:.0%} is wanted{where}"
        )
    if not measures.headed and measures.longer < settings.headless_longer:
        share = f"{measures.longer:.0%} of the longer text is shared"
        return f"the beginnings differ, and only {share}"
    return ""


def _otherwise(
    new: Side, old: Side, alignment: Alignment, measures: _Measures, settings: MatchSettings
) -> str:
    """Why two texts are no copies although they share enough, or ""."""
    a, b = new.text, old.text
    shared = set[int]().union(*[a.ids[of_a : of_a + size] for of_a, _, size in alignment.solid])
    if len(shared) < settings.varied:
        return "what is shared repeats a few words"
    deeper = _begun_deeper(alignment)
    if a.is_list and b.is_list and deeper and (deeper == 2 or not measures.headed):
        return "two lists of lines that begin with different ones, as lists of headlines do"
    if not measures.headed and _two_openings(alignment, a, b, settings):
        return "each has an opening of its own"
    if measures.same_outlet and not measures.headed:
        return "two texts of one outlet that begin differently"
    if measures.same_outlet and measures.unexplained > settings.replaced:
        return "the outlet has put other passages between the same beginning and end"
    return ""


def _without_own(
    new: Side,
    old: Side,
    alignment: Alignment,
    settings: MatchSettings,
    *,
    mask: Mask,
    mask_old: Mask,
) -> Verdict:
    """Judge texts that say nothing which several stories don't say: they must be the same."""
    a, b = new.text, old.text
    shorter, longer = sorted((len(a.ids), len(b.ids)))
    refusal = ""
    if alignment.matched < settings.whole * longer:
        refusal = "one of the two says only what several other stories say"
    elif compare(new, old, alignment, Mask(len(a.ids))).differ:
        refusal = "two reports of one form that differ in a name or figure"
    elif not titles_alike(new.title, old.title):
        refusal = "several stories say the same, and the titles differ"
    return Verdict(
        score=alignment.matched / shorter,
        threshold=settings.whole,
        longer=alignment.matched / longer,
        matched=alignment.matched / _per_word(a, b),
        unexplained=0.0,
        headed=True,
        refusal=refusal,
        vetoed=False,
        alignment=alignment,
        mask=mask,
        mask_old=mask_old,
    )


def _begun_deeper(alignment: Alignment) -> int:
    """Of how many of the two texts the beginning stands further down in the other."""
    return any(x <= 2 and y > 6 for x, y, _ in alignment.solid) + any(
        y <= 2 and x > 6 for x, y, _ in alignment.solid
    )


def _two_openings(alignment: Alignment, a: Text, b: Text, settings: MatchSettings) -> bool:
    """Whether both texts have their own words for a while before they agree in a part."""
    of_a, of_b, _ = alignment.solid[0]
    per_word, shared = _per_word(a, b), alignment.matched
    part = shared < settings.headless_whole * max(len(a.ids), len(b.ids))
    return part and shared < settings.statement * per_word and min(of_a, of_b) > 10 * per_word


def _heads_agree(a: Text, b: Text, solid: list[Run], settings: MatchSettings) -> tuple[bool, bool]:
    """Whether the beginning of each text is found at the beginning of the other; and well so.

    A dateline or a short note may stand before it.
    """
    per_word, shortest = _per_word(a, b), min(len(a.ids), len(b.ids))
    head, slack = int(settings.head * per_word), int(settings.slack * per_word)
    near = [run for run in solid if max(run[0], run[1]) < head + slack]

    def found(first: int) -> tuple[int, int]:
        """How many of the first words of each are among the first of the other."""
        of_a = of_b = 0
        for i, j, size in near:
            # Words i of a and j of b are equal, and those that follow them.
            of_a += max(0, min(i + size, first, first + slack - (j - i)) - i)
            of_b += max(0, min(j + size, first, first + slack - (i - j)) - j)
        return of_a, of_b

    first = int(settings.first * per_word)
    if max(found(first)) < settings.head_share * first:
        return False, False
    if min(found(head)) < settings.head_share * min(head, shortest):
        return False, False
    opening = int(settings.opening * per_word)
    return True, shortest >= opening and max(found(opening)) >= 0.75 * opening
