"""Match: one story under any headline, and never a false merge.

`fingerprint` says what to post to the index, `decide` which story a document is a copy of,
`look_again` whether a copy whose text changed still is.
"""

from aggregator.match.again import Again, look_again
from aggregator.match.decide import decide, fingerprint
from aggregator.match.index import CAP, COMMON, MEMBERS, Index, MemoryIndex
from aggregator.match.settings import DEFAULT, MatchSettings

__all__ = [
    "CAP",
    "COMMON",
    "DEFAULT",
    "MEMBERS",
    "Again",
    "Index",
    "MatchSettings",
    "MemoryIndex",
    "decide",
    "fingerprint",
    "look_again",
]
