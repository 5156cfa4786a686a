"""Who carries an entry: the feed's outlet, unless the feed only points at another's page."""

from aggregator.credit.directory import Directory
from aggregator.credit.domains import host_of, registrable_domain
from aggregator.model import Mark, MarkKind, Outlet, ParsedEntry

_SOURCES = {MarkKind.RSS_SOURCE, MarkKind.ATOM_SOURCE}


def carrier_of(outlet: Outlet, entry: ParsedEntry, directory: Directory) -> Outlet:
    """The outlet on whose page the entry's text stands.

    A transport (a news search, a planet, a link blog) lists pages of others and says so with
    `<source>`, or by where its links lead: an item that links to the page of the source it names
    is that source's, not the transport's. An item that names a source and links home is a
    republication, and stays ours.
    """
    linked = registrable_domain(entry.url) if entry.url else ""
    through_transport = directory.is_transport(entry.url)
    at_home = linked in {registrable_domain(domain) for domain in outlet.domains}
    if not linked or (at_home and not through_transport):
        return outlet
    for mark in entry.marks:
        if mark.kind not in _SOURCES or not mark.url or directory.is_transport(mark.url):
            continue
        source = registrable_domain(mark.url)
        if source and source != outlet.domain and (through_transport or source == linked):
            return directory.by_domain(mark.url) or Outlet(mark.name or source, (source,))
    if directory.is_transport(outlet.domain):
        target = directory.target_of(entry.url)
        if target:
            domain = registrable_domain(target)
            return directory.by_domain(host_of(target)) or Outlet(domain, (domain,))
    return outlet


def marks_of(entry: ParsedEntry, directory: Directory) -> tuple[Mark, ...]:
    """The marks of an entry, and what its addresses tell beside them.

    The page that a transport's link leads to, where the link says so itself; and a permalink of
    another site as guid: what programs that copy feeds leave behind.
    """
    more: list[Mark] = []
    target = directory.target_of(entry.url) if entry.url else ""
    if target and target != entry.url:
        more.append(Mark(MarkKind.ORIG_LINK, url=target, quote=f"<link>{entry.url}</link>"))
    guid = entry.guid if entry.guid.startswith(("http://", "https://")) else ""
    there = registrable_domain(guid)
    if there and entry.url and there != registrable_domain(entry.url):
        more.append(Mark(MarkKind.ORIG_LINK, url=guid, quote=f"<guid>{guid}</guid>"))
    return (*entry.marks, *more)
