"""Two reports from one template: equal passages around different names and figures.

Where two texts are copies, what differs is wording; names stay, and of the figures an update
changes a few. Where they are two reports from one template (results, weather, market closes),
what differs is who and how much. Both are read from the unmasked texts, side by side.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import Indel

from aggregator.match.align import Alignment, Gap
from aggregator.match.words import Text, read

# What is replaced by a name or a figure is short, in words.
_WIDEST = 6
# Around a slot at least this share of the words is equal; elsewhere equal words are accidents.
_DENSE = 0.5
# Names as alike as this are one name, spelled in two ways.
_ALIKE = 0.7
# So many equal names are wanted for each that differs, and so many words in scripts that have no
# capitals to tell a name by.
_NAMES_FOR_ONE = 6
_WORDS_FOR_ONE = 9

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Slots:
    """What differs between two aligned texts, and of the same kind what does not.

    Each pair is (as one text has it, as the other has it), counted once.
    """

    names: tuple[Pair, ...]
    names_kept: int
    figures: tuple[Pair, ...]
    figures_kept: int
    others: tuple[Pair, ...]  # of scripts without capitals: short replacements of any kind
    echoed: Pair | None  # a pair by which the titles differ too

    def veto(self, matched: float) -> str:
        """Why these are two reports from one template, or "". `matched`: equal words."""
        if self.echoed:
            return f"text and title differ in the same place: {_told([self.echoed])}"
        weight = len(self.names) * _NAMES_FOR_ONE
        if weight > self.names_kept:
            return f"equal passages surround different names: {_told(self.names)}"
        if len(self.figures) >= 2 and len(self.figures) > self.figures_kept:
            return f"equal passages surround different figures: {_told(self.figures)}"
        if len(self.others) >= 3 and len(self.others) * _WORDS_FOR_ONE > matched:
            return f"equal passages surround different words: {_told(self.others)}"
        if self.names and weight + 2 * len(self.figures) > self.names_kept + self.figures_kept:
            pairs = self.names + self.figures
            return f"equal passages surround different names and figures: {_told(pairs)}"
        return ""


def compare(a: Text, b: Text, alignment: Alignment, title_a: str, title_b: str) -> Slots:
    """What differs in short places between two aligned texts."""
    names: dict[Pair, None] = {}
    figures: dict[Pair, None] = {}
    others: dict[Pair, None] = {}
    cased = a.script.cased and b.script.cased
    for gap in _slots(a, b, alignment):
        here, there = range(*gap.a), range(*gap.b)
        pair = _differ(_figures(a, here), _figures(b, there))
        if pair:
            figures[pair] = None
        if not cased:
            pair = _differ(_letters(a, here), _letters(b, there))
            if pair:
                others[pair] = None
        else:
            pair = _differ(_names(a, here), _names(b, there))
            if pair and not _one_name(*pair):
                names[pair] = None
    kept = [place for run in alignment.solid for place in range(run.a, run.a + run.size)]
    return Slots(
        names=tuple(names),
        names_kept=len({a.ids[i] for i in kept if _is_name(a, i)}) if names else 0,
        figures=tuple(figures),
        figures_kept=len({a.ids[i] for i in kept if a.words[i][0].isdigit()}) if figures else 0,
        others=tuple(others),
        echoed=_echo([*names, *figures, *others], title_a, title_b),
    )


def _slots(a: Text, b: Text, alignment: Alignment) -> Iterable[Gap]:
    runs = alignment.runs
    widest = _WIDEST * max(a.script.per_word, b.script.per_word)
    for place, (x, y) in enumerate(zip(runs, runs[1:], strict=False)):
        here, there = (x.a + x.size, y.a), (x.b + x.size, y.b)
        if not 0 < here[1] - here[0] <= widest or not 0 < there[1] - there[0] <= widest:
            continue
        around = runs[max(0, place - 1) : place + 3]
        last = around[-1]
        span = max(last.a + last.size - around[0].a, last.b + last.size - around[0].b)
        equal = sum(run.size for run in around)
        if equal >= 4 and equal >= _DENSE * span:
            yield Gap(here, there)


def _differ(x: list[str], y: list[str]) -> Pair | None:
    """The two, where both are there and share no word."""
    if not x or not y or {w.casefold() for w in x} & {w.casefold() for w in y}:
        return None
    return " ".join(x), " ".join(y)


def _figures(text: Text, places: range) -> list[str]:
    return [text.words[i] for i in places if text.words[i][0].isdigit()]


def _letters(text: Text, places: range) -> list[str]:
    words = [text.words[i] for i in places if not text.words[i][0].isdigit()]
    return ["".join(words)] if text.script.per_word > 1 and words else words


def _names(text: Text, places: range) -> list[str]:
    return [text.words[i] for i in places if _is_name(text, i)]


def _is_name(text: Text, place: int) -> bool:
    """Whether a word has a capital that no beginning of a sentence explains."""
    return text.words[place][0].isupper() and place not in text.opens


def _one_name(x: str, y: str) -> bool:
    """Whether two names are one: spelled alike, or one the initials of the other."""
    first, second = sorted((x.casefold(), y.casefold()), key=len)
    joined = first.replace(" ", "")
    initials = "".join(word[0] for word in second.split())
    if joined == initials or (len(joined) >= 3 and second.replace(" ", "").startswith(joined)):
        return True
    return Indel.normalized_similarity(first, second) >= _ALIKE


def _echo(pairs: Iterable[Pair], title_a: str, title_b: str) -> Pair | None:
    """The first pair of which each title has its own text's side and not the other's."""
    pairs = list(pairs)
    if not pairs:
        return None
    a, b = _folded(title_a), _folded(title_b)
    for x, y in pairs:
        ours, theirs = _folded(x), _folded(y)
        if ours in a and ours not in b and theirs in b and theirs not in a:
            return x, y
    return None


def _folded(text: str) -> str:
    return f" {' '.join(read(text).words).casefold()} "


def _told(pairs: Iterable[Pair]) -> str:
    pairs = list(pairs)
    told = ", ".join(f"“{x}” and “{y}”" for x, y in pairs[:3])
    return told + (f", and {len(pairs) - 3} more" if len(pairs) > 3 else "")
