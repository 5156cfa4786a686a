"""What of a text is not its own: passages that many stories share, and an outlet's notices.

A passage that COMMON stories hold is boilerplate, idiom or template, whoever prints it. Fewer are
enough where a text is measured against one story and others hold the passage too; and one is
enough at the end of a text, where another story of the same outlet ends alike.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from aggregator.match.index import COMMON, Index
from aggregator.match.words import Text, known

# So many stories beside the one that a text is measured against make a passage nobody's.
_ELSEWHERE = 3

Postings = Mapping[int, Sequence[int]]
Mask = bytearray  # a byte for each word: 1 where it is not the text's own


@dataclass(frozen=True)
class Held:
    """A text with the stories that hold its shingles."""

    text: Text
    postings: Postings

    def common(self) -> Mask:
        """The passages that COMMON stories hold."""
        if max(map(len, self.postings.values()), default=0) < COMMON:
            return Mask(len(self.text.ids))
        return self._masked(lambda stories: len(stories) >= COMMON)

    def foreign(self, story: int) -> Mask:
        """The passages that are common or that several stories hold beside this one."""
        return self._masked(
            lambda stories: (
                len(stories) >= COMMON or len(stories) - (story in stories) >= _ELSEWHERE
            )
        )

    def _masked(self, test: Callable[[Sequence[int]], bool]) -> Mask:
        mask = Mask(len(self.text.ids))
        for start, end, held in self.units:
            if max(map(len, held), default=0) < _ELSEWHERE:
                continue
            yes = sum(map(test, held))
            if yes and yes * 2 >= len(held):
                mask[start:end] = b"\1" * (end - start)
        return mask

    @cached_property
    def units(self) -> list[tuple[int, int, list[Sequence[int]]]]:
        """Each sentence: where it begins and ends, and which stories hold each of its shingles."""
        text, postings = self.text, self.postings
        found = []
        shingles = iter([*text.shingles, (len(text.ids), 0)])
        place, hash_ = next(shingles)
        for start, end in zip(text.units, [*text.units[1:], len(text.ids)], strict=True):
            held = []
            while place < end:
                held.append(postings.get(hash_, ()))
                place, hash_ = next(shingles)
            found.append((start, end, held))
        return found


def notices(held: Held, outlet: str, story: int, index: Index) -> Mask:
    """What a text ends in and another story of its outlet ends in too, `story` aside."""
    units = held.units
    mask = Mask(len(held.text.ids))
    others: dict[int, list[int]] = {}  # in which sentences each story has a part
    for number, (_, _, stories_of) in enumerate(units):
        for other in {other for stories in stories_of for other in stories} - {story}:
            others.setdefault(other, []).append(number)
    for other, numbers in others.items():
        first = numbers[0]
        # All that they share is an end, and it is shared whole.
        if not first or len(numbers) < 0.6 * (len(units) - first):
            continue
        mates = [member.text for member in index.members(other) if member.outlet == outlet]
        if not mates:
            continue
        start = units[first][0]
        shared = {hash_ for place, hash_ in held.text.shingles if place >= start}
        if any(_ends_alike(text, shared) for text in mates):
            mask[start:] = b"\1" * (len(mask) - start)
    return mask


def _ends_alike(member: str, shared: set[int]) -> bool:
    """Whether a text has these shingles, and not in its beginning."""
    text = known(member)
    places = [place for place, hash_ in text.shingles if hash_ in shared]
    return bool(places) and places[0] >= min(12 * text.script.per_word, len(text.ids) / 4)
