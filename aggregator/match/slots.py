"""Two reports from one template: equal passages around different names and figures.

Where two texts are copies, what differs is wording; names stay, and of the figures an update
changes a few. Where they are two reports from one template (results, weather, market closes),
what differs is who and how much. Both are read from the whole texts, side by side.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

from rapidfuzz.distance import Levenshtein

from aggregator.match.align import Alignment, Run, Side
from aggregator.match.common import Mask
from aggregator.match.words import Text, title_ids

# What is replaced by a name or a figure is short, in words.
_WIDEST = 6
# Around a slot at least this share of the words is equal; elsewhere equal words are accidents.
_DENSE = 0.5
# What a text is about stands among its first words.
_FIRST = 3
# No more places are looked at, for texts that were made to differ everywhere.
_MOST = 200
# So many equal ones are wanted for each name or figure that differs, and so many words in scripts
# that have no capitals to tell a name by.
_NAMES_FOR_ONE = 8
_FIGURES_FOR_ONE = 6
_WORDS_FOR_ONE = 9
# In a shorter text nothing makes up for a name or figure that differs.
_SHORT = 60

# Kilometres in a mile, centimetres in an inch, pounds in a kilogram, feet in a metre, litres in a
# gallon (American, British), acres in a hectare, grams in an ounce, square kilometres in a square
# mile.
_RATIOS = (1.609, 2.54, 2.205, 3.281, 3.785, 4.546, 2.471, 28.35, 2.59)

Pair = tuple[str, str]
Span = tuple[int, int]


@dataclass(slots=True)
class Slots:
    """What differs between two aligned texts, and of the same kind what does not.

    Each pair is (as one text has it, as the other has it), once.
    """

    names: list[Pair] = field(default_factory=list)
    figures: list[Pair] = field(default_factory=list)
    others: list[Pair] = field(default_factory=list)  # any words, where capitals tell nothing
    openers: list[Pair] = field(default_factory=list)  # capitals that begin a sentence
    names_kept: int = 0
    figures_kept: int = 0
    echoed: Pair | None = None  # a pair by which the titles differ too

    @property
    def differ(self) -> bool:
        """Whether anything differs in a short place."""
        return bool(self.names or self.figures or self.others or self.openers)

    def veto(self, matched: float, *, same_outlet: bool) -> str:
        """Why these are two reports from one template, or "". `matched`: equal words."""
        return next(self._vetoes(matched, same_outlet=same_outlet), "")

    def _vetoes(self, matched: float, *, same_outlet: bool) -> Iterator[str]:
        if self.echoed:
            yield f"text and title differ in the same place: {_told([self.echoed])}"
        facts = [*self.names, *self.figures]
        if same_outlet and self.differ:
            yield _surround("words", [*facts, *self.openers, *self.others])
        if facts and matched < _SHORT:
            yield _surround("names or figures", [*facts, *self.openers])
        if len(self.names) * _NAMES_FOR_ONE > self.names_kept:
            yield _surround("names", self.names)
        words = [*self.names, *self.others]
        few_figures = len(self.figures) * _FIGURES_FOR_ONE > self.figures_kept
        if few_figures and (words or len(self.figures) >= 2 or matched < 2 * _SHORT):
            yield _surround("words and figures" if words else "figures", words + self.figures)
        if len(self.others) >= 3 and len(self.others) * _WORDS_FOR_ONE > matched:
            yield _surround("words", self.others)


def compare(new: Side, old: Side, alignment: Alignment, mask: Mask) -> Slots:
    """What differs in short places between two aligned texts.

    What the mask covers of the new text counts for nothing where it is equal.
    """
    a, b = new.text, old.text
    slots, gaps = Slots(), list(islice(_gaps(a, b, alignment.runs), _MOST))
    if not gaps:
        return slots
    cased = a.script.cased and b.script.cased
    opens_a, opens_b = set(a.opens), set(b.opens)
    swapped: list[Pair] = []
    for here, there in gaps:
        figures = _differ(_figures(a, here), _figures(b, there))
        if figures and _converted(a, here, b, there):
            continue
        if figures and figures not in slots.figures:
            slots.figures.append(figures)
        pair = _differ(_words(a, here, cased), _words(b, there, cased))
        if not pair or (cased and _one_name(*pair)):
            continue
        swapped.append(pair)
        # A name that each text has, if elsewhere, is no other subject.
        if _known(a, here, b) and _known(b, there, a):
            continue
        kind = slots.others
        if cased:
            opens = here[0] in opens_a or there[0] in opens_b
            kind = slots.openers if opens and not _is_subject(here, *pair) else slots.names
        if pair not in kind:
            kind.append(pair)
    kept = [i for of_a, _, size in alignment.solid for i in range(of_a, of_a + size) if not mask[i]]
    words = a.words
    slots.names_kept = len({a.ids[i] for i in kept if words[i][0].isupper() and i not in opens_a})
    slots.figures_kept = len({a.ids[i] for i in kept if words[i][0].isdigit()})
    if cased or _one_form(new.title, old.title):
        slots.echoed = _echo(swapped + slots.figures, new.title, old.title)
    return slots


def _gaps(a: Text, b: Text, all_runs: list[Run]) -> Iterator[tuple[Span, Span]]:
    """The short places, in both texts, between runs that lie close together."""
    least = max(a.script.slot, b.script.slot)
    solid = max(a.script.run, b.script.run)
    widest = _WIDEST * max(a.script.per_word, b.script.per_word)
    runs = [run for run in all_runs if run[2] >= least]
    if runs and _opens_with_name(a, b, runs[0], widest):
        yield (0, runs[0][0]), (0, runs[0][1])
    for number, (x, y) in enumerate(pairwise(runs)):
        from_a, from_b = x[0] + x[2], x[1] + x[2]
        if not 0 < y[0] - from_a <= widest or not 0 < y[1] - from_b <= widest:
            continue
        around = runs[max(0, number - 1) : number + 3]
        first, last = around[0], around[-1]
        span = max(last[0] + last[2] - first[0], last[1] + last[2] - first[1])
        equal = sum(run[2] for run in around)
        if equal >= max(4, _DENSE * span) and _framed(runs, number, solid):
            yield (from_a, y[0]), (from_b, y[1])


def _opens_with_name(a: Text, b: Text, run: Run, widest: float) -> bool:
    """Whether both texts begin with words of their own that the first sentence goes on from.

    What stands before a sentence, such as a dateline, is followed by a capital.
    """
    of_a, of_b, size = run
    if not 0 < min(of_a, of_b) <= max(of_a, of_b) <= widest or size < 3:
        return False
    return a.words[of_a].islower() and b.words[of_b].islower()


def _framed(runs: list[Run], number: int, solid: int) -> bool:
    """Whether a solid passage is near on each side, or else the beginning or end of the texts."""
    before, after = runs[max(0, number - 3) : number + 1], runs[number + 1 : number + 5]
    return (len(before) < 4 or any(run[2] >= solid for run in before)) and (
        len(after) < 4 or any(run[2] >= solid for run in after)
    )


def _differ(x: list[str], y: list[str]) -> Pair | None:
    """The two, where both are there and share no word."""
    if not x or not y or {w.casefold() for w in x} & {w.casefold() for w in y}:
        return None
    return " ".join(x), " ".join(y)


def _figures(text: Text, span: Span) -> list[str]:
    return [word for word in text.words[slice(*span)] if word[0].isdigit()]


def _words(text: Text, span: Span, cased: bool) -> list[str]:
    """The names, or all words where capitals tell nothing."""
    if cased:
        return [word for word in text.words[slice(*span)] if word[0].isupper()]
    words = [word for word in text.words[slice(*span)] if not word[0].isdigit()]
    return words if text.script.spaced or not words else ["".join(words)]


def _is_subject(span: Span, x: str, y: str) -> bool:
    """Whether two that begin a sentence are names: at a text's beginning, and full names."""
    return span[0] < _FIRST or (" " in x and " " in y)


def _known(text: Text, span: Span, other: Text) -> bool:
    """Whether the other text has some of these words; all together, where no spaces are."""
    words = text.ids[slice(*span)]
    if not text.script.spaced:
        return _holds(other.ids, words)
    return any(word in other.ids for word in words)


def _converted(a: Text, here: Span, b: Text, there: Span) -> bool:
    """Whether one measure stands for another: 12 km for 7.5 miles."""
    x, y = _measure(a, here), _measure(b, there)
    if not x or not y or x[1] == y[1]:
        return False
    smaller, larger = sorted((x[0], y[0]))
    if smaller <= 0:
        return False
    return any(abs(larger / smaller / ratio - 1) < max(0.04, 0.6 / smaller) for ratio in _RATIOS)


def _measure(text: Text, span: Span) -> tuple[float, int] | None:
    """A single figure with the number of the word that follows it, which is its unit."""
    figures = [i for i in range(*span) if text.words[i][0].isdigit()]
    if len(figures) != 1 or figures[0] + 1 >= len(text.ids):
        return None
    try:
        value = float(text.words[figures[0]].replace(",", ""))
    except ValueError:
        return None
    return value, text.ids[figures[0] + 1]


def _one_name(x: str, y: str) -> bool:
    """Whether two names are one: spelled alike, or one the beginning or initials of the other."""
    first, second = sorted((x.casefold(), y.casefold()), key=len)
    joined = first.replace(" ", "")
    initials = "".join(word[0] for word in second.split())
    if joined == initials or (len(joined) >= 3 and second.replace(" ", "").startswith(joined)):
        return True
    return len(first) >= 5 and Levenshtein.distance(first, second, score_cutoff=1) <= 1


def _echo(pairs: Iterable[Pair], title_a: str, title_b: str) -> Pair | None:
    """The first pair of which each title has its own text's side and not the other's."""
    a, b = title_ids(title_a), title_ids(title_b)
    if a == b:
        return None
    for x, y in pairs:
        ours, theirs = title_ids(x), title_ids(y)
        if _holds(a, ours) and not _holds(b, ours) and _holds(b, theirs) and not _holds(a, theirs):
            return x, y
    return None


def _one_form(title_a: str, title_b: str) -> bool:
    """Whether two titles have half of the shorter one's words in common."""
    a, b = set(title_ids(title_a)), set(title_ids(title_b))
    return len(a & b) * 2 >= min(len(a), len(b))


def _holds(text: Sequence[int], words: Sequence[int]) -> bool:
    """Whether these words stand in a text, in this order and together."""
    size, place = len(words), -1
    for _ in range(text.count(words[0])):
        place = text.index(words[0], place + 1)
        if text[place : place + size] == words:
            return True
    return False


def _surround(what: str, pairs: list[Pair]) -> str:
    return f"equal passages surround different {what}: {_told(pairs)}"


def _told(pairs: list[Pair]) -> str:
    told = ", ".join(f"“{x}” and “{y}”" for x, y in pairs[:3])
    return told + (f", and {len(pairs) - 3} more" if len(pairs) > 3 else "")
