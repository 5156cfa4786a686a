"""The data files checked: every phrase against its own example, every outlet against the others."""

from collections.abc import Iterator

from aggregator.credit.directory import Directory, load_directory, outlet_entries
from aggregator.credit.domains import host_of, registrable_domain
from aggregator.credit.phrases import Means, Phrase, load_phrases
from aggregator.credit.read import read_credits
from aggregator.model import Block, Credit, Link, Outlet, Role

_CARRIER = Outlet("The Example Carrier", ("carrier.example",))
_ORIGINAL = "https://original.example/stories/1"


def problems() -> Iterator[str]:
    """What is wrong with the data files, a sentence each; none where all is right.

    A file that cannot be read at all raises ValueError.
    """
    directory = load_directory()
    for phrase in load_phrases().all:
        yield from phrase_problems(phrase, directory)
    yield from outlet_problems()


def phrase_problems(phrase: Phrase, directory: Directory) -> Iterator[str]:
    """What is wrong with a phrase: its example must be read, and credit whom the file says."""
    where = f"{phrase.language}.toml: {phrase.say!r}"
    if phrase.pattern.search(phrase.example) is None:
        yield f"{where}: the phrase does not stand in its example {phrase.example!r}"
        return
    links = (Link(0, len(phrase.example), _ORIGINAL),) if phrase.linked else ()
    found = read_credits(
        (Block(phrase.example, links=links),),
        marks=(),
        carrier=_CARRIER,
        url="https://carrier.example/1",
        title="",
        language=phrase.language,
        directory=directory,
    )
    wanted = {"original.example"} if phrase.linked else set(phrase.credits)
    named = {credit.name for credit in found if credit.role is not Role.UNNAMED}
    if named != wanted:
        yield f"{where}: its example credits {sorted(named)}, and should credit {sorted(wanted)}"
    if phrase.means is Means.UNNAMED and not any(c.role is Role.UNNAMED for c in found):
        yield f"{where}: its example should tell of an agency or feed that is not named"
    yield from _of_another_extent(phrase, found, where)


def _of_another_extent(phrase: Phrase, found: tuple[Credit, ...], where: str) -> Iterator[str]:
    extents = {credit.extent.value for credit in found if credit.role is not Role.UNNAMED}
    part = phrase.means in {Means.PART, Means.REPORTING}
    if extents and extents != {"partial" if part else "full"}:
        yield f"{where}: its example is credited as {sorted(extents)}"


def outlet_problems() -> Iterator[str]:
    """What is wrong with the outlets: domains that are none, names and domains that two have."""
    domains: dict[str, str] = {}
    names: dict[str, str] = {}
    for file, name, entry in outlet_entries():
        for domain in entry.get("domains", ()):
            if host_of(domain) != domain or "." not in registrable_domain(domain):
                yield f"{file}: {name}: {domain!r} is no domain"
            if domains.setdefault(domain, name) != name:
                yield f"{file}: {name}: {domain} is already the domain of {domains[domain]}"
        if name.casefold() in names:
            yield f"{file}: {name}: {names[name.casefold()]} has the same name"
        names[name.casefold()] = file


if __name__ == "__main__":  # python -m aggregator.credit.validate
    raise SystemExit("\n".join(problems()) or 0)
