"""The choice of origin: one chain out of all copies' credits, and the reason.

Each copy tells of a few hops: who handed the text on to its carrier, who published it, which
agency wrote it. The hops of all copies make one graph, in which a credited outlet that is itself
a carrier is joined to its own copy. For one hop the stronger mark decides (`ranks`); two equally
strong ones that disagree are a conflict, in which nobody is asserted. The result does not depend
on the order of the copies. docs/decisions tells why an outlet that nobody credits can be an
origin, and when nobody is.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aggregator.credit.directory import Directory
from aggregator.credit.parties import Parties, Party, asserting
from aggregator.credit.ranks import Rank, sure
from aggregator.model import Agency, Carried, Credit, Origin, Provenance, Role

_ALONE = 0.5  # how sure it is that who alone carries a text wrote it
_ALONE_WITH_AGENCY = 0.6
_SUREST = 0.99


@dataclass(frozen=True, slots=True)
class _Hop:
    """One copy's word that a text came to `taker` from `giver`."""

    taker: int
    giver: int
    rank: int
    quote: str
    copy: int


@dataclass(frozen=True, slots=True)
class _Way:
    """Where the text that a party carries came from, as far as the credits tell."""

    parties: tuple[int, ...]  # the carrier first
    rank: int = 0  # of the last hop


def trace(copies: Sequence[Carried], directory: Directory) -> Provenance:
    """The chain of a story, its origin and agency, from the credits of all its copies.

    The origin is the most original party that has a page of its own; an agency whose page is not
    known is named beside it. `origin` is None where nobody can be told: where equal marks
    disagree, or where several outlets carry a text and credit nobody.
    """
    if not copies:
        return Provenance(None)
    return _Story(copies, directory).provenance()


class _Story:
    """The graph of one story."""

    def __init__(self, copies: Sequence[Carried], directory: Directory) -> None:
        self._copies = sorted(copies, key=_order_of_copy)
        self._parties = Parties(self._copies, directory)
        found = {p.number: p for p in map(self._parties.of_copy, self._copies)}
        self._conflicts: list[str] = []
        self._hops: list[_Hop] = []
        for number, copy in enumerate(self._copies):
            self._hops += self._hops_of(number, copy)
        for copy in self._copies:
            found |= {p.number: p for p in map(self._parties.of_credit, asserting(copy))}
        self._by_number = found
        self._carriers = sorted({self._parties.of_copy(copy).number for copy in self._copies})
        kept, circles = _without_loops(self._hops)
        for circle in circles:
            names = sorted(found[party].name for party in circle)
            self._conflicts.append(f"{' and '.join(names)} credit each other.")
        self._next = self._resolved(kept)

    # ------------------------------------------------------------------------- one copy's hops

    def _hops_of(self, number: int, copy: Carried) -> list[_Hop]:
        """What one copy says: carrier, distributor, publisher, agency, as far as it says it."""
        carrier = self._parties.of_copy(copy)
        named: dict[int, Credit] = {}
        for credit in asserting(copy):
            party = self._parties.of_credit(credit)
            known = named.get(party.number)
            if party is not carrier and (known is None or credit.rank > known.rank):
                named[party.number] = credit
        by_kind: dict[str, list[tuple[Party, Credit]]] = defaultdict(list)
        for credit in named.values():
            party = self._parties.of_credit(credit)
            by_kind[_kind(party)].append((party, credit))
        way: list[tuple[Party, Credit]] = self._first_of(by_kind["relay"])
        way += self._strongest(copy, by_kind["publisher"])
        way += self._strongest(copy, by_kind["agency"])[:1]
        hops, taker = [], carrier.number
        for party, credit in way:
            hops.append(_Hop(taker, party.number, credit.rank, credit.quote, number))
            taker = party.number
        return hops

    @staticmethod
    def _first_of(relays: list[tuple[Party, Credit]]) -> list[tuple[Party, Credit]]:
        return sorted(relays, key=lambda item: (-item[1].rank, item[0].name))[:1]

    def _strongest(
        self, copy: Carried, named: list[tuple[Party, Credit]]
    ) -> list[tuple[Party, Credit]]:
        """The parties of the strongest mark, nearest first; none where two such disagree."""
        if not named:
            return []
        top = max(credit.rank for _, credit in named)
        best = [(party, credit) for party, credit in named if credit.rank == top]
        # What stands in one quote belongs together: a platform and who writes on it.
        quotes = {credit.quote for _, credit in best}
        if len(quotes) == 1:
            return best
        told = sorted((credit.name, credit.quote) for _, credit in best)
        (first, quote), (second, other) = told[0], told[1]
        self._conflicts.append(
            f"Marks of equal strength disagree at {copy.outlet.name}: "
            f"“{_short(quote)}” names {first}, “{_short(other)}” names {second}."
        )
        return []

    # ---------------------------------------------------------------------------- all copies

    def _resolved(self, hops: Iterable[_Hop]) -> dict[tuple[int, bool], tuple[int, int]]:
        """For each party, from which publisher and from which agency it has the text.

        Keys tell the party and whether it is the agency; values the giver and the mark's rank.
        """
        said: dict[tuple[int, bool], dict[int, int]] = defaultdict(dict)
        for hop in hops:
            agency = _kind(self._by_number[hop.giver]) == "agency"
            ranks = said[hop.taker, agency]
            ranks[hop.giver] = max(hop.rank, ranks.get(hop.giver, -1))
        chosen: dict[tuple[int, bool], tuple[int, int]] = {}
        for (taker, agency), ranks in sorted(said.items()):
            top = max(ranks.values())
            best = sorted(giver for giver, rank in ranks.items() if rank == top)
            near = [giver for giver in best if self._leads(giver, best, said)]
            if len(best) > 1 and len(near) == 1:
                best = near  # it has the text from the others
            if len(best) == 1:
                chosen[taker, agency] = (best[0], top)
            else:
                self._disagree(taker, best)
        return chosen

    @staticmethod
    def _leads(giver: int, others: list[int], said: dict[tuple[int, bool], dict[int, int]]) -> bool:
        """Whether a party has the text, by some steps, from all the others."""
        reached: set[int] = set()
        todo = [giver]
        while todo:
            for following in said.get((todo.pop(), False), {}):
                if following not in reached:
                    reached.add(following)
                    todo.append(following)
        return all(other in reached for other in others if other != giver)

    def _disagree(self, taker: int, givers: Sequence[int]) -> None:
        names = sorted(self._by_number[giver].name for giver in givers)
        carrier = self._by_number[taker].name
        self._conflicts.append(
            f"Copies disagree, by marks of equal strength, whether {carrier} has the text "
            f"from {names[0]} or from {names[1]}."
        )

    def _way(self, carrier: int) -> _Way:
        """From a carrier to the last party that has a page of its own."""
        parties, rank = [carrier], 0
        while (step := self._next.get((parties[-1], False))) is not None:
            giver, rank = step
            if giver in parties:
                break
            parties.append(giver)
        agency = self._agency_of(parties)
        if agency is not None and self._has_page(agency[0]) and agency[0] not in parties:
            parties.append(agency[0])
            rank = agency[1]
        return _Way(tuple(parties), rank)

    def _agency_of(self, parties: Sequence[int]) -> tuple[int, int] | None:
        """The agency behind the last party that any credit tells one of."""
        for party in reversed(parties):
            found = self._next.get((party, True))
            if found is not None:
                return found
        return None

    def _has_page(self, party: int) -> bool:
        known = self._by_number[party]
        return bool(known.copies) or bool(known.url) or _kind(known) != "agency"

    # ------------------------------------------------------------------------------- the choice

    def provenance(self) -> Provenance:
        """The whole result."""
        ways = [self._way(carrier) for carrier in self._carriers]
        credited = [way for way in ways if len(way.parties) > 1]
        origin, chosen = self._chosen(credited) if credited else self._uncredited(ways)
        if chosen is None:
            return self._unknown(ways)
        agency = self._agency_of(chosen.parties)
        beside = agency[0] if agency and agency[0] not in chosen.parties else None
        chain = [*chosen.parties, *([beside] if beside is not None else [])]
        return Provenance(
            origin=origin,
            agency=self._named(beside),
            chain=tuple(self._by_number[party].name for party in chain),
            conflict=self._conflict(),
        )

    def _chosen(self, ways: list[_Way]) -> tuple[Origin | None, _Way | None]:
        """The origin that the credits lead to; None where they lead to several."""
        ends = {way.parties[-1] for way in ways}
        own = {end for end in ends if self._by_number[end].is_agency and self._has_page(end)}
        if len(own) == 1:
            # An agency's own page is at the end of every chain that is not told to its end.
            ends = own
        strength = {end: max(way.rank for way in ways if way.parties[-1] == end) for end in ends}
        top = max(strength.values())
        best = sorted(end for end in ends if strength[end] == top)
        if len(best) > 1:
            names = sorted(self._by_number[end].name for end in best)
            self._conflicts.append(
                f"Copies credit different origins by marks of equal strength: "
                f"{' and '.join(names)}."
            )
            return None, None
        end = best[0]
        longest = min(
            (way for way in ways if way.parties[-1] == end),
            key=lambda way: (-len(way.parties), -way.rank, self._order(way.parties[0])),
        )
        return self._origin(end, top), longest

    def _uncredited(self, ways: list[_Way]) -> tuple[Origin | None, _Way | None]:
        """Where no publisher is credited: who alone carries the text, if it says nothing else."""
        says_not = any(c.role is Role.UNNAMED for copy in self._copies for c in copy.credits)
        if len(self._carriers) > 1 or self._conflicts or says_not:
            return None, None
        party = self._by_number[self._carriers[0]]
        agency = self._agency_of(ways[0].parties)
        reason = "the only outlet known to carry this text, and it credits nobody else"
        confidence = _ALONE
        if agency is not None:
            name = self._by_number[agency[0]].name
            reason = f"the only outlet known to carry this text, which it credits to {name}"
            confidence = _ALONE_WITH_AGENCY
        return self._made(party, confidence, reason), ways[0]

    def _origin(self, number: int, rank: int) -> Origin:
        party = self._by_number[number]
        crediting = {hop.copy for hop in self._hops if hop.giver == number}
        known = bool(party.domain)
        doubt = (1 - sure(Rank(rank), known=known)) ** max(1, len(crediting))
        confidence = min(_SUREST, 1 - doubt + (0.02 if party.copies else 0.0))
        count = len(self._copies)
        reason = f"credited by {len(crediting)} of {count} copies"
        if count == 1:
            reason = "credited by the only copy"
        if party.copies:
            reason += " and itself among them"
        elif party.url:
            reason += ", with a link to its page"
        return self._made(party, confidence, reason)

    @staticmethod
    def _made(party: Party, confidence: float, reason: str) -> Origin:
        role = Role.AGENCY if party.is_agency else Role.PUBLISHER
        return Origin(party.name, party.domain, party.url, role, round(confidence, 2), reason)

    def _unknown(self, ways: list[_Way]) -> Provenance:
        """Nobody is asserted; the agency is, where all that is told of one agrees."""
        agencies = Counter(found[0] for way in ways if (found := self._agency_of(way.parties)))
        agency = next(iter(agencies)) if len(agencies) == 1 else None
        # Of several carriers none is the first: only what they agree on is told.
        carriers = ways[0].parties[:1] if len(ways) == 1 else ()
        chain = [*carriers, *([agency] if agency is not None else [])]
        return Provenance(
            origin=None,
            agency=self._named(agency),
            chain=tuple(self._by_number[party].name for party in dict.fromkeys(chain)),
            conflict=self._conflict(),
        )

    def _named(self, number: int | None) -> Agency | None:
        if number is None:
            return None
        party = self._by_number[number]
        return Agency(party.name, party.domain)

    def _conflict(self) -> str:
        return min(self._conflicts, default="")

    def _order(self, number: int) -> tuple[object, ...]:
        return (self._by_number[number].name, number)


def _order_of_copy(copy: Carried) -> tuple[object, ...]:
    return (copy.url, copy.outlet.name, copy.key, repr(copy.credits))


def _kind(party: Party) -> str:
    if party.is_relay:
        return "relay"
    return "agency" if party.is_agency else "publisher"


def _short(quote: str) -> str:
    return quote if len(quote) <= 80 else quote[:79] + "…"


def _without_loops(hops: Sequence[_Hop]) -> tuple[list[_Hop], list[set[int]]]:
    """The hops without circles, and the circles in which no mark was the stronger.

    In each circle the weakest hops go; where all are equal, all of them.
    """
    kept = [hop for hop in hops if hop.taker != hop.giver]
    undecided: list[set[int]] = []
    while circle := _circle(kept):
        inside = [hop for hop in kept if hop.taker in circle and hop.giver in circle]
        weakest = min(hop.rank for hop in inside)
        if all(hop.rank == weakest for hop in inside):
            undecided.append(circle)
        kept = [hop for hop in kept if hop not in inside or hop.rank > weakest]
    return kept, undecided


def _circle(hops: Sequence[_Hop]) -> set[int]:
    """The parties of one circle of hops, with all that lead to each other; empty without one."""
    following: dict[int, set[int]] = defaultdict(set)
    for hop in hops:
        following[hop.taker].add(hop.giver)
    reach = {party: _reached(party, following) for party in sorted(following)}
    for party in sorted(reach):
        if party in reach[party]:
            return {other for other in reach[party] if party in reach.get(other, ())}
    return set()


def _reached(party: int, following: dict[int, set[int]]) -> set[int]:
    reached: set[int] = set()
    todo = [party]
    while todo:
        for other in following.get(todo.pop(), ()):
            if other not in reached:
                reached.add(other)
                todo.append(other)
    return reached
