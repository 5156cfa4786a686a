"""What matching asks of an index, and the index in memory.

The store answers the same questions in SQL. Decisions depend on nothing but the answers, so an
index that gives the same answers after a restart gives the same decisions.
"""

from array import array
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from aggregator.model import Document, Member

# A shingle that so many stories hold is boilerplate, template or idiom: it tells no two apart.
COMMON = 5
# So many stories are kept for one shingle; an index may keep more, never fewer than COMMON.
CAP = 8
# So many texts of one story are compared with a new one.
MEMBERS = 4
_HOUR = 3600


class Index(Protocol):
    """Which stories of the window hold which shingles, and the texts they hold them in.

    A hash is a whole number of 47 bits, a story the number that the caller knows it by.
    """

    def postings(self, hashes: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """For each of these hashes that any story holds, the stories that hold it, in any order.

        A story counts once for a hash, however many of its texts hold it. At least COMMON stories
        are kept for a hash and no more than a constant; those that come later are not recorded, so
        a hash at the limit says only that it is common. A posting counts from the hour its
        document was seen in and is forgotten when that falls out of the window.
        """
        ...

    def members(self, story: int) -> Sequence[Member]:
        """The fullest texts of a story, fullest first, the earlier first among equals.

        A few at the most; none of a story that is gone while its postings are not yet.
        """
        ...

    def add(self, story: int, document: Document, hashes: Sequence[int]) -> None:
        """Make a document a member of a story and post its hashes; both are seen at once."""
        ...


class MemoryIndex:
    """An index that lives as long as the process, for streams and tests.

    Holds what was seen within `window` before the newest document, and of that no more than the
    last `most` documents; memory grows with them alone, by some 8 kB for a text of 2 kB.
    """

    def __init__(self, window: timedelta = timedelta(days=7), most: int = 1_000_000) -> None:
        self._window = window
        self._most = most
        self._newest: datetime | None = None
        # A story, or several: nearly all shingles are held by one.
        self._postings: dict[int, int | tuple[int, ...]] = {}
        self._members: dict[int, tuple[Member, ...]] = {}
        # In order of arrival: when, which story, and what this document was first to post for it.
        self._arrivals: deque[tuple[int, int, array[int]]] = deque()
        self._alive: dict[int, int] = {}  # arrivals of each story that are not forgotten

    def postings(self, hashes: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """See `Index.postings`; CAP stories are kept for a hash."""
        found: dict[int, Sequence[int]] = {}
        get = self._postings.get
        for hash_ in hashes:
            stories = get(hash_)
            if stories is not None:
                found[hash_] = (stories,) if isinstance(stories, int) else stories
        return found

    def members(self, story: int) -> Sequence[Member]:
        """See `Index.members`."""
        return self._members.get(story, ())

    def add(self, story: int, document: Document, hashes: Sequence[int]) -> None:
        """See `Index.add`."""
        posted, held = array("q"), self._postings
        for hash_ in hashes:
            stories = held.get(hash_)
            if stories is None:
                held[hash_] = story
            elif isinstance(stories, int):
                if stories == story:
                    continue
                held[hash_] = (stories, story)
            elif story in stories or len(stories) >= CAP:
                continue
            else:
                held[hash_] = (*stories, story)
            posted.append(hash_)
        self._join(story, Member(document.outlet, document.title, document.text))
        self._alive[story] = self._alive.get(story, 0) + 1
        self._arrivals.append((_hour(document.seen), story, posted))
        self.advance(document.seen)

    def advance(self, now: datetime) -> None:
        """Forget what has fallen out of the window by now; an earlier time changes nothing."""
        if self._newest is None or now > self._newest:
            self._newest = now
        self._forget(_hour(self._newest - self._window))

    def _join(self, story: int, member: Member) -> None:
        members = self._members.get(story, ())
        if len(members) == MEMBERS and len(member.text) <= len(members[-1].text):
            return
        fullest = sorted((*members, member), key=lambda it: -len(it.text))
        self._members[story] = tuple(fullest[:MEMBERS])

    def _forget(self, since: int) -> None:
        arrivals = self._arrivals
        while arrivals and (arrivals[0][0] < since or len(arrivals) > self._most):
            _, story, posted = arrivals.popleft()
            for hash_ in posted:
                self._withdraw(hash_, story)
            self._alive[story] -= 1
            if not self._alive[story]:
                del self._alive[story]
                del self._members[story]

    def _withdraw(self, hash_: int, story: int) -> None:
        stories = self._postings[hash_]
        if isinstance(stories, int):
            del self._postings[hash_]
            return
        left = tuple(other for other in stories if other != story)
        self._postings[hash_] = left if len(left) > 1 else left[0]


def _hour(moment: datetime) -> int:
    return int(moment.timestamp() // _HOUR)
