"""Nobody can be reached: dead name servers, origins that are down. Feeds do not pay for it."""

import socket
from datetime import timedelta

import pytest
from nightly import HOUR, MINUTE, Clocks, nights

from aggregator.model import PollOutcome
from aggregator.setbacks import Network


async def test_all_origins_down_for_an_hour(night):
    await night.tick()
    polled = night.sites.asked.total()
    await night.sites.close()
    await night.passes(2 * HOUR)
    assert "No server answers" in night.troubles()["network"]
    assert {feed.error_reason for feed in night.feeds()} == {"connect"}
    await night.sites.open()
    # The longest pause between two tries, and the time that feeds are spread over.
    await night.passes(2 * night.daemon.config.poll.min_interval + MINUTE)
    assert night.troubles() == {}
    assert night.sites.asked.total() >= polled + len(night.sites.hosts)
    assert {feed.state for feed in night.feeds()} == {"ok"}


async def test_dead_name_servers(sites, clocks, tmp_path, monkeypatch):
    names = {f"{host.rpartition('.')[2]}.test": host for host in sites.hosts}
    look_up, dead = socket.getaddrinfo, [True]

    def resolver(host, *args, **kwargs):
        if host in names:
            if dead[0]:
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
            host = names[host]
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    url = f"sqlite:///{tmp_path / 'x.db'}"
    feeds = [{"url": f"http://{name}:{sites.port}/feed"} for name in names]
    async with nights(sites, clocks, url, feeds=feeds) as night:
        await night.passes(HOUR)
        assert "can names be looked up" in night.troubles()["network"]
        assert {feed.error_reason for feed in night.feeds()} == {"dns"}
        assert "looked up" in night.feeds()[0].error
        dead[0] = False
        await night.passes(2 * night.daemon.config.poll.min_interval + MINUTE)
        assert night.troubles() == {}
        assert {feed.state for feed in night.feeds()} == {"ok"}
        assert night.daemon.store.counts()["entries"] == len(names)


def failed(reason: str = "connect", status: int | None = None) -> PollOutcome:
    return PollOutcome("http://x/", "failed", status=status, error="no", error_reason=reason)


def test_a_few_dead_hosts_among_many_feeds_are_no_dead_network():
    now, network = Clocks().now(), Network()
    network.of_feeds(1000)
    for n in range(19):
        assert not network.seen(n, f"host{n}", failed(), now)
        assert not network.seen(n, f"host{n}", failed(), now)
    assert network.down_since is None
    assert network.seen(20, "host20", failed("timeout"), now + MINUTE)
    assert network.down_since == now
    assert not network.seen(1, "host1", failed("host_resting"), now)  # nobody was asked
    assert network.down_since
    assert network.seen(2, "host2", failed("http_503", 503), now)  # which is an answer
    assert network.down_since is None
    assert network.was_down_since == now


@pytest.mark.parametrize("reason", ["truncated", "robots", "not_a_feed", "crashed"])
def test_what_says_nothing_of_the_network_changes_nothing(reason):
    now, network = Clocks().now() + timedelta(0), Network()
    for n in range(9):
        assert not network.seen(n, f"host{n}", failed(reason), now)
    assert network.down_since is None
