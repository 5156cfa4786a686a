"""Whose feed it is: from what the user wrote, what the feed says, and what the world knows."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.credit import Directory, load_directory, registrable_domain
from aggregator.model import Feed, FeedSpec, Outlet, ParsedFeed

if TYPE_CHECKING:
    from aggregator.config import Config


def outlet_of(feed: Feed, parsed: ParsedFeed, directory: Directory) -> Outlet:
    """The outlet whose feed it is: as configured, else by the feed's site, else by its title."""
    site = parsed.url or feed.site_url or feed.poll_url
    domain = feed.spec.domain or registrable_domain(site)
    name = feed.spec.name or parsed.title or domain or "An unnamed feed"
    known = directory.by_domain(domain) if domain else None
    if known is None:
        return Outlet(name, (domain,) if domain else ())
    return replace(known, name=feed.spec.name or known.name)


def outlets_of(specs: Iterable[FeedSpec], directory: Directory) -> tuple[Outlet, ...]:
    """The outlets that the user's named feeds tell of, each with its domains.

    A feed's host is its outlet's too, unless it is a transport's, or feeds of several names share
    it, as blogs on one platform do. Several names for one domain are sections of one outlet, and
    none of them is its name.
    """
    named = [spec for spec in specs if spec.name]
    names_at: defaultdict[str, set[str]] = defaultdict(set)
    for spec in named:
        for domain in {spec.domain or "", registrable_domain(spec.url)} - {""}:
            names_at[domain].add(spec.name or "")
    domains_of: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for spec in named:
        for domain in (spec.domain or "", registrable_domain(spec.url)):
            if domain and len(names_at[domain]) == 1 and not directory.is_transport(domain):
                domains_of[spec.name or ""][domain] = None
    return tuple(Outlet(name, tuple(domains)) for name, domains in domains_of.items())


def told_outlets(
    config: "Config", added: Iterable[FeedSpec] = ()
) -> tuple[tuple[Outlet, ...], tuple[Outlet, ...]]:
    """What the feeds, configured and `added`, tell of outlets, and what the user says of them.

    As `reading.known_outlets` and `reading.know_outlets` take it.
    """
    known = load_directory()
    corrections = tuple(outlet.outlet(known.by_name(outlet.name)) for outlet in config.outlets)
    return outlets_of(config.feed_specs(added), known), corrections
