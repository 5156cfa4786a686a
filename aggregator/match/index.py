"""What matching asks of an index, and the index in memory.

The store answers the same questions in SQL. Decisions depend on nothing but the answers, so an
index that gives the same answers after a restart gives the same decisions.
"""

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


class Index(Protocol):
    """Which stories of the window hold which shingles, and the texts they hold them in.

    A hash is a signed 64-bit integer, a story the number that the caller knows it by.
    """

    def postings(self, hashes: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """For each of these hashes that any story holds, the stories that hold it.

        A story counts once for a hash, however many of its texts hold it. At least COMMON stories
        are kept for a hash and no more than a constant; those that come later are not recorded, so
        a hash at the limit says only that it is common. A posting counts from the time its
        document was seen and is forgotten when that falls out of the window.
        """
        ...

    def members(self, story: int) -> Sequence[Member]:
        """The fullest texts of a story, fullest first, the earlier first among equals.

        A few at the most; one at least while the story has postings.
        """
        ...

    def add(self, story: int, document: Document, hashes: Sequence[int]) -> None:
        """Make a document a member of a story and post its hashes; both are seen at once."""
        ...


class MemoryIndex:
    """An index that lives as long as the process, for streams and tests.

    Holds what was seen within `window` before the newest document; memory grows with that alone.
    """

    def __init__(self, window: timedelta = timedelta(days=7)) -> None:
        self._window = window
        self._newest: datetime | None = None
        self._postings: dict[int, list[int]] = {}
        self._members: dict[int, list[Member]] = {}
        # In order of arrival: when, which story, and what this document was first to post for it.
        self._arrivals: deque[tuple[datetime, int, list[int]]] = deque()
        self._alive: dict[int, int] = {}  # arrivals of each story that are not forgotten

    def postings(self, hashes: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """See `Index.postings`; CAP stories are kept for a hash."""
        held = self._postings
        return {hash_: held[hash_] for hash_ in hashes if hash_ in held}

    def members(self, story: int) -> Sequence[Member]:
        """See `Index.members`."""
        return self._members.get(story, ())

    def add(self, story: int, document: Document, hashes: Sequence[int]) -> None:
        """See `Index.add`."""
        posted = []
        for hash_ in hashes:
            stories = self._postings.setdefault(hash_, [])
            if story not in stories and len(stories) < CAP:
                stories.append(story)
                posted.append(hash_)
        members = self._members.setdefault(story, [])
        members.append(Member(document.outlet, document.title, document.text))
        members.sort(key=lambda member: -len(member.text))
        del members[MEMBERS:]
        self._alive[story] = self._alive.get(story, 0) + 1
        self._arrivals.append((document.seen, story, posted))
        if self._newest is None or document.seen > self._newest:
            self._newest = document.seen
        self._forget(self._newest - self._window)

    def _forget(self, since: datetime) -> None:
        while self._arrivals and self._arrivals[0][0] < since:
            _, story, posted = self._arrivals.popleft()
            for hash_ in posted:
                stories = self._postings[hash_]
                stories.remove(story)
                if not stories:
                    del self._postings[hash_]
            self._alive[story] -= 1
            if not self._alive[story]:
                del self._alive[story]
                del self._members[story]
