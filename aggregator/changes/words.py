"""Words of two texts, and which of them stand in both.

Words are compared, not letters; a few words that happen to stand in both texts between two changes
do not split them, as nobody can read a text that changes at every second word.
"""

import re
from collections.abc import Sequence

from rapidfuzz.distance import Indel

_ISLAND = 3  # fewer equal words than this between two changes belong to the change
# Scripts without spaces; a word is a sign there, else what stands between spaces, with the space
# after it.
_SIGNS = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_SIGNS}]|[^\s{_SIGNS}]+\s*|\s+")
_FARTHEST = 24  # words that a change is moved back by
_ENDS = re.compile(r"\n|[.!?\u061f\u06d4\u0964\u3002\uff01\uff1f][\"'”’»)\]]*\s*$")
_EDGES = re.compile(r"^\W+|\W+$")


def words_of(text: str) -> list[tuple[str, str]]:
    """The words of a text, each as written and as compared: without case and punctuation."""
    return [(word, _EDGES.sub("", word).casefold() or word.strip()) for word in _WORD.findall(text)]


Word = tuple[str, str]  # as written, as compared
Run = tuple[int, int, int]  # a place in either text, and how many words are the same from there


def matched(a: Sequence[Word], b: Sequence[Word]) -> list[Run]:
    """Runs of words that are the same in both texts, in order."""
    keys_a, keys_b = [key for _, key in a], [key for _, key in b]
    blocks = [block for block in Indel.editops(keys_a, keys_b).as_matching_blocks() if block.size]
    found: list[Run] = []
    for block in blocks:
        first = block.a == block.b == 0
        last = block.a + block.size == len(a) and block.b + block.size == len(b)
        if block.size >= _ISLAND or first or last:
            found.append((block.a, block.b, block.size))
    for number in range(1, len(found)):
        back = _slide(found[number - 1], found[number], a, b)
        (of_a, of_b, size), (to_a, to_b, length) = found[number - 1 : number + 1]
        found[number - 1] = (of_a, of_b, size - back)
        found[number] = (to_a - back, to_b - back, length + back)
    return found


def _slide(before: Run, after: Run, a: Sequence[Word], b: Sequence[Word]) -> int:
    """By how many words what was put in (or out) between two runs is told too late.

    "The boats. [The mayor spoke.] The bell rang" and "The boats. The [mayor spoke. The] bell rang"
    are the same change; people mean the one that begins where a sentence does.
    """
    of_a, of_b, size = before
    if of_a + size == after[0]:
        text, start, end = b, of_b + size, after[1]
    elif of_b + size == after[1]:
        text, start, end = a, of_a + size, after[0]
    else:
        return 0
    for back in range(min(size - 1, _FARTHEST) + 1):
        if back and text[start - back][1] != text[end - back][1]:
            return 0
        if _ENDS.search(text[start - back - 1][0]):
            return back
    return 0
