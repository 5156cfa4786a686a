"""Other ways to find copies, to compare with: by title, and by fingerprints of the whole text.

Each takes documents in order of time and gives a story's number for each, in one pass.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from itertools import pairwise
from random import Random

from aggregator.match import MemoryIndex, decide, fingerprint
from aggregator.model import Document

Matcher = Callable[[Sequence[Document]], list[int]]

_WORD = re.compile(r"\w+")
_WIDE = re.compile("[\u0e00-\u0eff\u3040-\u9fff]")
_MERSENNE = (1 << 61) - 1


def ours(documents: Sequence[Document]) -> list[int]:
    """The daemon's own decisions, on an index in memory."""
    index, stories = MemoryIndex(), []
    for number, document in enumerate(documents):
        decision = decide(document, index)
        story = number if decision.story is None else decision.story
        index.add(story, document, fingerprint(document))
        stories.append(story)
    return stories


def exact_title(documents: Sequence[Document]) -> list[int]:
    """One title, one story: what most readers do that look beyond links."""
    first: dict[str, int] = {}
    return [first.setdefault(d.title.casefold(), number) for number, d in enumerate(documents)]


def title_trigrams(documents: Sequence[Document], least: float = 0.75) -> list[int]:
    """Titles whose trigrams are alike, as PostgreSQL's pg_trgm has it and Tiny Tiny RSS uses it."""
    return _most_alike([_trigrams(d.title) for d in documents], least)


def containment(documents: Sequence[Document], least: float = 0.5) -> list[int]:
    """Texts that have half of the shorter one's runs of five words in common."""

    def share(common: int, a: int, b: int) -> float:
        return common / min(a, b)

    return _most_alike([_shingles(d.text) for d in documents], least, share)


def minhash(documents: Sequence[Document], bands: int = 32, rows: int = 4) -> list[int]:
    """MinHash on runs of five words, with buckets that texts fall into together at about .42."""
    dice = Random(1)
    size = bands * rows
    mixers = [(dice.randrange(1, _MERSENNE), dice.randrange(_MERSENNE)) for _ in range(size)]
    buckets: dict[tuple[int, ...], int] = {}
    stories = []
    for number, document in enumerate(documents):
        shingles = _shingles(document.text)
        least = [min(((a * s + b) % _MERSENNE for s in shingles), default=0) for a, b in mixers]
        keys = [(band, *least[band * rows : band * rows + rows]) for band in range(bands)]
        story = next((buckets[key] for key in keys if key in buckets), number)
        if shingles:
            for key in keys:
                buckets.setdefault(key, story)
        stories.append(story if shingles else number)
    return stories


def simhash(documents: Sequence[Document], most: int = 3) -> list[int]:
    """64 bits for a text, alike where at most three differ (Manku and others, 2007)."""
    buckets: dict[tuple[int, int], list[tuple[int, int]]] = {}
    stories = []
    for number, document in enumerate(documents):
        bits = _simhash(_shingles(document.text))
        parts = [(part, bits >> 16 * part & 0xFFFF) for part in range(4)]
        near = (it for part in parts for it in buckets.get(part, ()))
        story = next((s for other, s in near if (bits ^ other).bit_count() <= most), number)
        for part in parts:
            buckets.setdefault(part, []).append((bits, story))
        stories.append(story)
    return stories


PEERS: dict[str, Matcher] = {
    "exact title": exact_title,
    "title trigrams, .75 alike": title_trigrams,
    "simhash of 64 bits, 3 differ": simhash,
    "MinHash-LSH on 5-grams": minhash,
    "5-grams, half contained": containment,
}


def _jaccard(common: int, a: int, b: int) -> float:
    return common / (a + b - common)


def _most_alike(
    features: Sequence[frozenset[int]],
    least: float,
    share: Callable[[int, int, int], float] = _jaccard,
) -> list[int]:
    """Each joins the story of the earlier one that it is most alike, if that is enough."""
    holders: dict[int, list[int]] = {}
    stories: list[int] = []
    for number, mine in enumerate(features):
        common: dict[int, int] = {}
        for feature in mine:
            for other in holders.setdefault(feature, []):
                common[other] = common.get(other, 0) + 1
            holders[feature].append(number)
        alike = ((share(n, len(mine), len(features[o])), -o) for o, n in common.items())
        score, other = max(alike, default=(0.0, 0))
        stories.append(stories[-other] if score >= least else number)
    return stories


def _trigrams(title: str) -> frozenset[int]:
    padded = (f"  {word} " for word in _WORD.findall(title.casefold()))
    return frozenset(_number(word[i : i + 3]) for word in padded for i in range(len(word) - 2))


def _shingles(text: str) -> frozenset[int]:
    words: Iterable[str] = _WORD.findall(text.casefold())
    # Where no spaces are, two letters stand for a word.
    words = [
        piece
        for word in words
        for piece in (map("".join, pairwise(word)) if _WIDE.search(word) else [word])
    ]
    return frozenset(_number(" ".join(words[i : i + 5])) for i in range(len(words) - 4))


def _simhash(shingles: Iterable[int]) -> int:
    sums = [0] * 64
    for shingle in shingles:
        for bit in range(64):
            sums[bit] += 1 if shingle >> bit & 1 else -1
    return sum(1 << bit for bit in range(64) if sums[bit] > 0)


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")
