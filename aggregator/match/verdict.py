"""Whether two texts are copies of one text, and how they differ."""

from dataclasses import dataclass

from aggregator.match.align import Alignment, Run, align
from aggregator.match.slots import compare
from aggregator.match.words import Text


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """Where matching draws its lines. Lengths are in English words or what tells as much.

    A share is of the shorter text: the words that the two texts have in common, in passages long
    enough to be no accident, and without those that many stories share.
    """

    shortest: int = 12  # a text with fewer words matches nothing
    candidates: int = 6  # stories that are compared with a text, those that share most first
    members: int = 3  # texts of each that are compared
    head: int = 36  # words that are a text's head
    slack: int = 14  # words that may stand before a head: a dateline, a note
    head_share: float = 0.4  # of the shorter head, to be found in the other text's head
    headed: float = 0.33  # the share that is wanted of texts with one head
    headed_short: float = 0.7  # the same, where fewer than `short` words are shared
    headless: float = 0.75  # the share that is wanted where the heads differ
    headless_longer: float = 0.5  # and of the longer text then
    short: int = 50
    template: float = 0.9  # the share that is wanted where most is common to many stories


DEFAULT = MatchSettings()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comparing two texts came to."""

    score: float  # share of the shorter text
    threshold: float
    longer: float  # share of the longer text
    matched: float  # words
    refusal: str  # why they are not copies; "" where they are
    vetoed: bool  # refused for what differs, not for want of likeness
    alignment: Alignment

    @property
    def accepted(self) -> bool:
        """Whether they are copies."""
        return not self.refusal


def judge(
    a: Text,
    b: Text,
    *,
    titles: tuple[str, str],
    common: list[bool],
    template: bool,
    settings: MatchSettings,
) -> Verdict:
    """Compare the new text `a` with a member `b` of a story.

    `common[i]`: whether word i of `a` stands in a passage that many stories share;
    `template`: whether most of `a` does.
    """
    alignment = align(a, b)
    per_word = max(a.script.per_word, b.script.per_word)
    # A passage that many stories share counts neither for nor against.
    if template:
        matched, own_a, own_b = alignment.matched, len(a.ids), len(b.ids)
    else:
        shared_common = sum(sum(common[run.a : run.a + run.size]) for run in alignment.solid)
        matched = alignment.matched - shared_common
        own_a = len(a.ids) - sum(common)
        own_b = len(b.ids) - shared_common
    shorter, longer = sorted((max(own_a, 1), max(own_b, 1)))
    score, of_longer = min(1.0, matched / shorter), min(1.0, matched / longer)
    words = matched / per_word

    headed = _heads_agree(a, b, alignment.solid, common, settings, per_word)
    threshold = _threshold(headed, words, template, settings)
    refusal, vetoed = "", False
    if words < settings.shortest:
        refusal = f"only {words:.0f} words are shared that few other stories have"
    elif score < threshold:
        refusal = f"{score:.0%} of the shorter text is shared, {threshold:.0%} is wanted" + (
            "" if headed else " where the beginnings differ"
        )
    elif not headed and of_longer < settings.headless_longer:
        refusal = f"the beginnings differ, and only {of_longer:.0%} of the longer text is shared"
    if not refusal or score > 0.5:
        why = compare(a, b, alignment, *titles).veto(alignment.matched / per_word)
        if why:
            refusal, vetoed = why, True
    return Verdict(score, threshold, of_longer, words, refusal, vetoed, alignment)


def _threshold(headed: bool, words: float, template: bool, settings: MatchSettings) -> float:
    if template:
        return settings.template
    if not headed:
        return settings.headless
    return settings.headed if words >= settings.short else settings.headed_short


def _heads_agree(
    a: Text,
    b: Text,
    solid: list[Run],
    common: list[bool],
    settings: MatchSettings,
    per_word: float,
) -> bool:
    """Whether the beginning of each text is found at the beginning of the other.

    A dateline or a short note may stand before; what many stories share is passed over.
    """
    head, slack = int(settings.head * per_word), int(settings.slack * per_word)
    start = next((place for place, shared in enumerate(common) if not shared), 0)
    if len(a.ids) - start < head:
        start = 0
    of_a = of_b = 0
    for run in solid:
        for i, j in zip(
            range(run.a - start, run.a - start + run.size), range(run.b, run.b + run.size)
        ):
            of_a += 0 <= i < head and j < head + slack
            of_b += j < head and -slack <= i < head + slack
    wanted = settings.head_share * min(head, len(a.ids) - start, len(b.ids))
    return of_a >= wanted and of_b >= wanted
