"""Match: one story under any headline, and never a false merge.

`fingerprint` says what to post to the index, `decide` which story a document is a copy of.
"""

from aggregator.match.decide import decide, fingerprint
from aggregator.match.index import CAP, COMMON, MEMBERS, Index, MemoryIndex
from aggregator.match.settings import DEFAULT, MatchSettings

__all__ = [
    "CAP",
    "COMMON",
    "DEFAULT",
    "MEMBERS",
    "Index",
    "MatchSettings",
    "MemoryIndex",
    "decide",
    "fingerprint",
]
