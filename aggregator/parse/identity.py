"""Which entry is which: identity that survives missing, reused and changed guids.

An entry is known by four keys: its guid, its link, its text (title and body) and its title. Within
one document a guid or link that several different entries share says nothing, and is left out.
Over time, two of the keys must agree, or one where nothing speaks against it.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b

from aggregator.model import EntryKeys, KnownEntry, ParsedEntry
from aggregator.parse.text import folded
from aggregator.parse.urls import comparable

_TAG = re.compile(r"<[^<>]*>")
_QUERY = re.compile(r"\?[^\"'\s<>?]*+(?=[\"'])")
# Counts of what readers did: "12 comments", "Comments: 12".
_COUNTS = re.compile(  # written, like the next, so that the engine can look for one letter
    r"[0-9](?<![0-9.,][0-9])[0-9.,]*+\s*+(?:[CcKk]om+ent[a-zá]*|[Rr]e(?:plies|acties)"
    r"|[Ll]ikes?|[Ss]hares?|[Vv]iews?|[Vv]otes?|[Pp]oints?|комментари\w*)\b"
)
_COUNTS_AFTER = re.compile(
    r"[CcKkRrLlSsVvPp](?:om+ent(?:s|are)?|eplies|ikes?|hares?|iews?|otes?|oints?)\W{0,3}\d[\d.,]*"
)
_LONG_BODY = 200  # characters; no two entries of one feed have so much in common by chance


@dataclass(frozen=True, slots=True)
class Identified:
    """An entry of a feed, with the stored entry that it is, if it was seen before.

    `digest` covers all that a subscriber would see; `changed` says that it differs from the
    stored entry's.
    """

    entry: ParsedEntry
    keys: EntryKeys
    digest: str
    known_id: int | None = None
    changed: bool = False


def keys_of(entries: Sequence[ParsedEntry]) -> list[EntryKeys]:
    """The keys of each entry of one document, in order."""
    plain = [_own_keys(entry) for entry in entries]
    guids: dict[str, list[EntryKeys]] = defaultdict(list)
    links: dict[str, list[EntryKeys]] = defaultdict(list)
    for keys in plain:
        guids[keys.guid].append(keys)
        links[keys.link].append(keys)
    shared_guids = {guid for guid, group in guids.items() if _is_shared_guid(group)}
    shared_links = {link for link, group in links.items() if _is_shared_link(group, shared_guids)}
    return [
        EntryKeys(
            guid="" if keys.guid in shared_guids else keys.guid,
            link="" if keys.link in shared_links else keys.link,
            text=keys.text,
            title=keys.title,
        )
        for keys in plain
    ]


def told_apart(entries: Sequence[ParsedEntry]) -> list[Identified]:
    """Each entry of one document once, with its keys.

    Entries that it lists twice (same guid, or same link, or no other key than the same text)
    become one: the one updated last, else the longest. The order of `entries` decides nothing but
    the order of the result.
    """
    return [
        Identified(entry, keys, _digest(entry))
        for entry, keys in _without_doubles(entries, keys_of(entries))
    ]


def identify(found: Sequence[Identified], known: Sequence[KnownEntry]) -> list[Identified]:
    """The entries that were told apart, each with the stored one that it is.

    No stored entry is given twice.
    """
    given = _given(found, known)
    result = []
    for place, item in enumerate(found):
        stored = given.get(place)
        if stored is not None:
            changed = item.digest != stored.digest
            item = replace(item, known_id=stored.id, changed=changed)  # noqa: PLW2901
        result.append(item)
    return result


# ------------------------------------------------------------------------------------------ keys


def _own_keys(entry: ParsedEntry) -> EntryKeys:
    title = folded(entry.title).casefold()
    body = " ".join(_TAG.sub(" ", entry.html).split())
    return EntryKeys(
        guid=_hash(entry.guid),
        link=_hash(comparable(entry.url) if entry.url else ""),
        text=_hash(f"{title}\n{body}" if body or title else _without_words(entry)),
        title=_hash(title),
    )


def _without_words(entry: ParsedEntry) -> str:
    # An entry that only has files or a link must be found again, too.
    files = [enclosure.url for enclosure in entry.enclosures]
    return "\x1f".join(["", entry.guid, entry.url, *files])


def _is_shared_guid(group: Sequence[EntryKeys]) -> bool:
    """Whether a guid stands for several entries: other links, or other titles and texts."""
    if len({keys.link for keys in group} - {""}) > 1:
        return True
    return len({k.title for k in group}) > 1 and len({k.text for k in group}) > 1


def _is_shared_link(group: Sequence[EntryKeys], shared_guids: set[str]) -> bool:
    """Whether a link stands for several entries: other titles, or other guids and texts."""
    if len({keys.title for keys in group}) > 1:
        return True
    guids = {keys.guid for keys in group} - shared_guids - {""}
    return len(guids) > 1 and len({keys.text for keys in group}) > 1


def _digest(entry: ParsedEntry) -> str:
    """Of what a subscriber would see, and of what credit is read from; dates and counts aside."""
    html = _COUNTS_AFTER.sub("", _COUNTS.sub("", _QUERY.sub("", entry.html)))
    parts = [entry.title, html, comparable(entry.url) if entry.url else "", entry.author]
    parts += [enclosure.url.partition("?")[0] for enclosure in entry.enclosures]
    parts += [f"{m.kind} {m.name} {comparable(m.url) if m.url else ''}" for m in entry.marks]
    return _hash("\x1f".join(parts))


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest() if text else ""


# --------------------------------------------------------------------------------------- doubles


def _without_doubles(
    entries: Sequence[ParsedEntry], keys: Sequence[EntryKeys]
) -> list[tuple[ParsedEntry, EntryKeys]]:
    """Each entry once. A group of doubles stands where its first did."""
    leader = list(range(len(entries)))

    def lead(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    first: dict[tuple[str, str], int] = {}
    for place, own in enumerate(keys):
        names = [("guid", own.guid), ("link", own.link)]
        if not own.guid and not own.link:
            names = [("text", own.text)]
        for name in names:
            if name[1]:
                one, other = sorted((lead(first.setdefault(name, place)), lead(place)))
                leader[other] = one

    groups: dict[int, list[int]] = defaultdict(list)
    for place in range(len(entries)):
        groups[lead(place)].append(place)
    result = []
    for places in groups.values():
        best = max(places, key=lambda p: _freshness(entries[p])) if len(places) > 1 else places[0]
        result.append((entries[best], keys[best]))
    return result


def _freshness(entry: ParsedEntry) -> tuple[datetime, int, str]:
    moment = entry.updated or entry.published or datetime.min.replace(tzinfo=UTC)
    return moment, len(entry.html), repr(entry)


# ------------------------------------------------------------------------------------ over time


def _given(found: Sequence[Identified], known: Sequence[KnownEntry]) -> dict[int, KnownEntry]:
    """Which stored entry each found one is, by place: the surest pairs first."""
    by_key: dict[tuple[str, str], list[KnownEntry]] = defaultdict(list)
    for stored in known:
        for name, value in _named(stored.keys):
            by_key[name, value].append(stored)
    pairs: list[tuple[int, int, str, int, KnownEntry]] = []
    for place, item in enumerate(found):
        candidates = {
            stored.id: stored
            for name, value in _named(item.keys)
            for stored in by_key.get((name, value), ())[:_MOST_CANDIDATES]
        }
        for stored in candidates.values():
            strength = _strength(item, stored.keys)
            if strength:
                own = "".join(value for _, value in _named(item.keys))
                pairs.append((-strength, stored.id, own, place, stored))
    given: dict[int, KnownEntry] = {}
    taken: set[int] = set()
    for _, id_, _, place, stored in sorted(pairs, key=lambda pair: pair[:4]):
        if place not in given and id_ not in taken:
            given[place] = stored
            taken.add(id_)
    return given


_MOST_CANDIDATES = 50  # stored entries with one key; they would be doubles


def _named(keys: EntryKeys) -> list[tuple[str, str]]:
    named = [("guid", keys.guid), ("link", keys.link), ("text", keys.text)]
    return [(name, value) for name, value in named if value]


def _strength(item: Identified, old: EntryKeys) -> int:
    """How surely an entry is the stored one with these keys; 0 where it is not."""
    new = item.keys
    guid = bool(new.guid) and new.guid == old.guid
    link = bool(new.link) and new.link == old.link
    text = bool(new.text) and new.text == old.text
    title = bool(new.title) and new.title == old.title
    strength = 8 * guid + 4 * link + 2 * text + title
    if guid:
        # A feed that counts its items from 1 each day uses guids again, for wholly other items.
        other_link = bool(new.link and old.link) and not link
        other_title = bool(new.title and old.title) and not title
        return 0 if other_link and other_title and not text else strength
    if link:
        return strength if text or title or not (new.guid or old.guid) else 0
    if text:
        alone = not (new.guid or new.link) or not (old.guid or old.link)
        return strength if alone or len(item.entry.html) >= _LONG_BODY else 0
    return 0
