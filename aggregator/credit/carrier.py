"""Who carries an entry: the feed's outlet, unless the feed only points at another's page."""

from aggregator.credit.directory import Directory, registrable_domain
from aggregator.model import MarkKind, Outlet, ParsedEntry

_SOURCES = {MarkKind.RSS_SOURCE, MarkKind.ATOM_SOURCE}


def carrier_of(outlet: Outlet, entry: ParsedEntry, directory: Directory) -> Outlet:
    """The outlet on whose page the entry's text stands.

    A transport (a news search, a planet, a link blog) lists pages of others and says so with
    `<source>`: an item that links to the page of the source it names is that source's, not the
    transport's. An item that names a source and links home is a republication, and stays ours.
    """
    linked = registrable_domain(entry.url) if entry.url else ""
    if not linked or linked == outlet.domain:
        return outlet
    through_transport = directory.is_transport(linked)
    for mark in entry.marks:
        if mark.kind not in _SOURCES or not mark.url:
            continue
        source = registrable_domain(mark.url)
        if source and source != outlet.domain and (through_transport or source == linked):
            return directory.by_domain(source) or Outlet(mark.name or source, (source,))
    if directory.is_transport(outlet.domain) and not through_transport:
        return directory.by_domain(linked) or Outlet(linked, (linked,))
    return outlet
