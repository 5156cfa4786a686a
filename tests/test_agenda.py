"""Which feed is polled next."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from aggregator.agenda import Agenda


def feed(number: int, host: str) -> tuple[int, str]:
    return number, f"https://{host}/{number}"


def test_a_host_with_many_feeds_does_not_hold_up_the_others():
    agenda = Agenda(most=16)
    agenda.add([feed(n, "large.example") for n in range(1000)])
    agenda.add([feed(1000 + n, f"small{n}.example") for n in range(10)])
    hosts = Counter()
    while (begun := agenda.begin()) is not None:
        hosts["large" if begun < 1000 else f"small{begun}"] += 1
    assert hosts.pop("large") == 4
    assert len(hosts) == 10


def test_the_longest_waiting_come_first():
    agenda = Agenda(most=8)
    agenda.add([feed(n, f"h{n}.example") for n in range(8)])
    begun = [agenda.begin() for _ in range(8)]
    assert begun == list(range(8))


def test_a_feed_that_waits_or_is_in_hand_is_not_taken_twice():
    agenda = Agenda(most=8)
    for _ in range(3):
        agenda.add([feed(1, "a.example")])
    begun = agenda.begin()
    agenda.add([feed(1, "a.example")])
    assert (begun is not None, agenda.begin(), len(agenda)) == (True, None, 1)
    agenda.done(begun)
    assert len(agenda) == 0


@given(
    st.lists(st.sampled_from("abc"), max_size=60),
    st.integers(1, 10),
    st.lists(st.booleans(), max_size=200),
)
def test_every_feed_has_its_turn_and_no_bound_is_passed(hosts, most, coins):
    agenda, in_hand, done = Agenda(most), [], []
    feeds = [feed(n, f"{host}.example") for n, host in enumerate(hosts)]
    agenda.add(feeds[::2])
    for coin in [*coins, *[False] * 3]:
        if coin:
            agenda.add(feeds)
        while (one := agenda.begin()) is not None:
            in_hand.append(one)
        assert len(in_hand) == agenda.busy <= most
        assert max(Counter(hosts[one] for one in in_hand).values(), default=0) <= 4
        if in_hand:
            done.append(in_hand.pop(0))
            agenda.done(done[-1])
    agenda.add(one for one in feeds if one[0] not in done)
    while (one := agenda.begin()) is not None or in_hand:
        if one is not None:
            in_hand.append(one)
        else:
            done.append(in_hand.pop())
            agenda.done(done[-1])
    assert set(done) == {number for number, _ in feeds}
    assert len(agenda) == agenda.busy == 0
