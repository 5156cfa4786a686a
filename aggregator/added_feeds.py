"""Feeds that are added while the daemon runs: checked as config.yaml is, and kept in the store."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from aggregator.config import FeedConfig
from aggregator.errors import ConfigError, NotFoundError
from aggregator.fetch.guard import Guard
from aggregator.model import FeedHealth, FeedSpec
from aggregator.store import Store

_LOCAL = {"localhost": "127.0.0.1", "ip6-localhost": "::1"}


def spec_of(
    values: Mapping[str, Any], networks: Sequence[IPv4Network | IPv6Network] = ()
) -> FeedSpec:
    """A feed as somebody wrote it, checked. Raises ConfigError (`bad_feed`) with the reasons.

    Names of hosts are looked up when the feed is polled, and the addresses checked then; a host
    that is an address itself is refused at once where it may not be asked.
    """
    try:
        spec = FeedConfig.model_validate(dict(values)).spec()
    except ValidationError as error:
        reasons = "; ".join(
            f"{'.'.join(map(str, found['loc'])) or 'feed'}: {found['msg']}"
            for found in error.errors(include_url=False, include_input=False)
        )
        raise ConfigError(
            f"This cannot be a feed: {reasons}.",
            reason="bad_feed",
            remedy="A feed has a url, and may have name, domain, category and full_text.",
        ) from error
    host = urlsplit(spec.url).hostname or ""
    try:
        refusal = Guard(networks).refusal(ip_address(_LOCAL.get(host, host)))
    except ValueError:  # a name
        return spec
    if refusal:
        raise ConfigError(
            f"The address {host} may not be asked ({refusal}).",
            reason="bad_feed",
            remedy="List its network under http.allow_networks, if you mean it.",
        )
    return spec


def add(store: Store, spec: FeedSpec, now: datetime) -> FeedHealth:
    """List a feed. Raises ConfigError (`known_feed`) where it is listed."""
    added = store.add_feed(spec, now)
    if added is None:
        raise ConfigError("A feed with this address is listed already.", reason="known_feed")
    return added


def remove(store: Store, feed_id: int) -> None:
    """Poll a feed no more. Raises NotFoundError, or ConfigError for one of config.yaml."""
    if store.remove_feed(feed_id):
        return
    if store.feed(feed_id) is None:
        raise _unknown(feed_id)
    raise ConfigError(
        "This feed stands in the configuration.",
        reason="configured_feed",
        remedy="Take it out of config.yaml.",
    )


def poll_now(store: Store, feed_id: int, now: datetime) -> FeedHealth:
    """Make a feed due. Raises NotFoundError."""
    found = store.feed(feed_id) if store.poll_now(feed_id, now) else None
    if found is None:
        raise _unknown(feed_id)
    return found


def _unknown(feed_id: int) -> NotFoundError:
    return NotFoundError(f"No feed has the id {feed_id}.", reason="no_feed")
