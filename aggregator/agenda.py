"""Which feed is polled next: the due ones in turn, host by host, so that none holds up the others.

A host with a thousand feeds and a pause between two requests takes its time. If feeds were begun
in the order in which they are due, those thousand would take all places, and wait in them.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable

_OF_ONE_HOST = 4  # one is fetched, while others are read and written


def host_of(url: str) -> str:
    """What stands in an address for its host."""
    return url.partition("//")[2].partition("/")[0]


class Agenda:
    """Feeds that wait to be polled, and those in hand: `most` at once, a few of one host.

    A feed is its number. A host is here what stands in the address: that is cheap to tell of a
    hundred thousand feeds, and what is one host for politeness is the fetcher's affair.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[str, deque[int]] = {}
        self._ready: deque[str] = deque()  # hosts with feeds that may begin, each once
        self._in_hand: Counter[str] = Counter()
        self._known: dict[int, str] = {}  # the hosts of all feeds that wait or are in hand
        self._busy = 0

    def __len__(self) -> int:
        """How many wait or are in hand."""
        return len(self._known)

    @property
    def room(self) -> int:
        """How many more may be taken in hand."""
        return self._most - self._busy

    @property
    def known(self) -> Collection[int]:
        """The numbers of the feeds that wait or are in hand."""
        return self._known.keys()

    @property
    def busy(self) -> int:
        """How many are in hand."""
        return self._busy

    def add(self, feeds: Iterable[tuple[int, str]]) -> None:
        """Let these, numbers with addresses, wait for their turn, the first first."""
        for number, url in feeds:
            if number in self._known:
                continue
            host = self._known[number] = host_of(url)
            queue = self._waiting.get(host)
            if queue is None:
                self._waiting[host] = deque((number,))
                if self._in_hand[host] < _OF_ONE_HOST:
                    self._ready.append(host)
            else:
                queue.append(number)

    def begin(self) -> int | None:
        """Take the next feed in hand; None where there is no room, or nothing that may begin."""
        if self._busy >= self._most or not self._ready:
            return None
        host = self._ready.popleft()
        queue = self._waiting[host]
        number = queue.popleft()
        self._busy += 1
        self._in_hand[host] += 1
        if not queue:
            del self._waiting[host]
        elif self._in_hand[host] < _OF_ONE_HOST:
            self._ready.append(host)
        return number

    def take(self, most: int) -> list[int]:
        """Take as many as there is room for in hand, but not more than `most`."""
        taken: list[int] = []
        while len(taken) < most and (number := self.begin()) is not None:
            taken.append(number)
        return taken

    def done(self, number: int) -> None:
        """Put a feed that was in hand away."""
        host = self._known.pop(number)
        self._busy -= 1
        self._in_hand[host] -= 1
        # It had as many in hand as it may have, so it was not among those that may begin.
        if host in self._waiting and self._in_hand[host] == _OF_ONE_HOST - 1:
            self._ready.append(host)
        if not self._in_hand[host]:
            del self._in_hand[host]
