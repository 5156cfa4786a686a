"""The chain of a story and the choice of its origin, from all copies' credits."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.credit import load_directory, trace
from aggregator.credit.ranks import Rank
from aggregator.model import Carried, Extent, Outlet, OutletKind, Provenance, Role
from tests.credit.reading import carried, credit, read

DIRECTORY = load_directory()
AFP = credit("AFP", "afp.com", role=Role.AGENCY, rank=Rank.WIRE, quote="(AFP)")


def _origin(told: Provenance) -> str:
    return told.origin.name if told.origin else ""


def test_a_credit_makes_an_origin_of_whom_it_credits() -> None:
    told = trace([carried("Gazette", "gazette.example", credit("Moor Echo"))], DIRECTORY)
    assert told.origin is not None
    assert (told.origin.name, told.origin.reason) == ("Moor Echo", "credited by the only copy")
    assert told.chain == ("Gazette", "Moor Echo")


def test_a_republisher_s_credit_and_the_publisher_s_agency_make_one_chain() -> None:
    ndtv = credit("NDTV", "ndtv.com", url="https://www.ndtv.com/ferry", rank=Rank.PROSE_LINK)
    told = trace(
        [
            carried("Better News", "betternews.example", ndtv),
            carried("NDTV", "ndtv.com", AFP, url="https://www.ndtv.com/ferry"),
        ],
        DIRECTORY,
    )
    assert told.chain == ("Better News", "NDTV", "AFP")
    assert told.origin is not None
    assert (told.origin.name, told.origin.url) == ("NDTV", "https://www.ndtv.com/ferry")
    assert told.origin.reason == "credited by 1 of 2 copies and itself among them"
    assert told.agency is not None
    assert told.agency.name == "AFP"


def test_marks_of_one_copy_compose_to_three_hops() -> None:
    told = trace(
        [carried("Gazette", "gazette.example", credit("Moor Echo", "moorecho.example"), AFP)],
        DIRECTORY,
    )
    assert told.chain == ("Gazette", "Moor Echo", "AFP")
    assert _origin(told) == "Moor Echo"


def test_an_agency_without_a_page_stands_beside_who_carries_its_text() -> None:
    told = trace([carried("Gazette", "gazette.example", AFP)], DIRECTORY)
    assert _origin(told) == "Gazette"
    assert told.agency is not None
    assert told.agency.name == "AFP"
    assert told.origin is not None
    assert told.origin.reason == "the only outlet known to carry this text, which it credits to AFP"


def test_an_agency_whose_own_page_is_among_the_copies_is_the_origin() -> None:
    told = trace(
        [
            carried("Gazette", "gazette.example", AFP),
            carried("Courier", "courier.example"),
            carried("AFP", "afp.com", url="https://www.afp.com/en/ferry"),
        ],
        DIRECTORY,
    )
    assert told.origin is not None
    assert (told.origin.name, told.origin.url) == ("AFP", "https://www.afp.com/en/ferry")
    assert told.origin.role is Role.AGENCY
    assert told.agency is None


@pytest.mark.parametrize(
    ("name", "domain", "url"),
    [
        ("Moor Echo", "", "https://moorecho.example/ferry"),
        ("Echo", "moorecho.example", "https://moorecho.example/ferry"),
        ("moorecho.example", "moorecho.example", "https://www.moorecho.example/ferry"),
        ("Moor Echo", "127.0.0.5", "http://127.0.0.5:8000/ferry"),
        ("the MOOR ECHO", "", "http://127.0.0.5:8000/ferry"),
    ],
)
def test_a_credited_outlet_among_the_copies_is_joined_to_its_own_page(
    name: str, domain: str, url: str
) -> None:
    host = domain or "moorecho.example"
    own = Carried(Outlet("Moor Echo", (host,)), url, carried("x", "").first_seen, key="own")
    told = trace([carried("Gazette", "gazette.example", credit(name, domain)), own], DIRECTORY)
    assert told.origin is not None
    assert (told.origin.name, told.origin.url) == ("Moor Echo", url)
    assert told.chain == ("Gazette", "Moor Echo")


def test_two_names_that_the_directory_knows_as_one_are_one() -> None:
    told = trace(
        [
            carried("Gazette", "gazette.example", credit("एनडीटीवी")),
            carried("Courier", "courier.example", credit("NDTV", "ndtv.com")),
        ],
        DIRECTORY,
    )
    assert _origin(told) == "NDTV"
    assert told.origin is not None
    assert told.origin.reason.startswith("credited by 2 of 2 copies")


def test_a_loop_is_cut_at_its_weakest_mark() -> None:
    told = trace(
        [
            carried("Gazette", "gazette.example", credit("Courier", rank=Rank.PROSE_LINK)),
            carried("Courier", "courier.example", credit("Gazette", rank=Rank.SOURCE_LINE)),
        ],
        DIRECTORY,
    )
    assert _origin(told) == "Courier"
    assert told.chain == ("Gazette", "Courier")


def test_two_that_credit_each_other_alike_are_a_conflict() -> None:
    told = trace(
        [
            carried("Gazette", "gazette.example", credit("Courier")),
            carried("Courier", "courier.example", credit("Gazette")),
        ],
        DIRECTORY,
    )
    assert told.origin is None
    assert told.conflict == "Courier and Gazette credit each other."


def test_who_credits_itself_through_others_is_no_loop_without_end() -> None:
    ring = ["A Post", "B Post", "C Post"]
    copies = [
        carried(name, f"{name[0].lower()}.example", credit(ring[(n + 1) % 3]))
        for n, name in enumerate(ring)
    ]
    told = trace(copies, DIRECTORY)
    assert told.origin is None
    assert told.conflict


def test_the_stronger_mark_of_a_copy_wins() -> None:
    told = trace(
        [
            carried(
                "Gazette",
                "gazette.example",
                credit("Moor Echo", rank=Rank.PROSE_LINK),
                credit("Quarry Post", rank=Rank.SOURCE_LINE, quote="Source: Quarry Post"),
            )
        ],
        DIRECTORY,
    )
    assert (_origin(told), told.conflict) == ("Moor Echo", "")


def test_two_equal_marks_that_disagree_are_both_shown_and_neither_is_asserted() -> None:
    told = trace(
        [
            carried(
                "Gazette",
                "gazette.example",
                credit("Moor Echo", quote="first published by Moor Echo"),
                credit("Quarry Post", quote="originally appeared in Quarry Post"),
            )
        ],
        DIRECTORY,
    )
    assert told.origin is None
    assert "Moor Echo" in told.conflict
    assert "Quarry Post" in told.conflict


def test_copies_that_credit_different_origins_alike_are_a_conflict() -> None:
    told = trace(
        [
            carried("Gazette", "gazette.example", credit("Moor Echo")),
            carried("Courier", "courier.example", credit("Quarry Post")),
        ],
        DIRECTORY,
    )
    assert told.origin is None
    assert "Moor Echo" in told.conflict
    assert "Quarry Post" in told.conflict


@pytest.mark.parametrize(
    "weak",
    [
        credit("Moor Echo", rank=Rank.PART, extent=Extent.PARTIAL),
        credit("Reuters", rank=Rank.REPORTING, role=Role.REPORTING, extent=Extent.PARTIAL),
    ],
)
def test_partial_and_reporting_credits_make_no_origin(weak: object) -> None:
    copies = [
        carried("Gazette", "gazette.example", weak),  # type: ignore[arg-type]
        carried("Courier", "courier.example"),
    ]
    told = trace(copies, DIRECTORY)
    assert told.origin is None
    alone = trace(copies[:1], DIRECTORY)
    assert _origin(alone) == "Gazette"


def test_who_alone_carries_a_text_and_credits_nobody_is_its_origin_with_little_certainty() -> None:
    told = trace([carried("Gazette", "gazette.example")], DIRECTORY)
    assert told.origin is not None
    assert told.origin.name == "Gazette"
    assert told.origin.confidence <= 0.6
    assert told.origin.url == "https://gazette.example/ferry"
    assert "only outlet" in told.origin.reason


def test_of_several_outlets_that_credit_nobody_none_is_the_origin_whoever_was_first() -> None:
    told = trace(
        [carried("Gazette", "gazette.example"), carried("Courier", "courier.example", minute=9)],
        DIRECTORY,
    )
    assert (told.origin, told.chain, told.conflict) == (None, (), "")


def test_an_outlet_that_publishes_from_a_feed_it_does_not_name_is_not_the_origin() -> None:
    unnamed = credit("", role=Role.UNNAMED, rank=Rank.REPORTING, quote="from a syndicated feed")
    told = trace([carried("Gazette", "gazette.example", unnamed)], DIRECTORY)
    assert told.origin is None


def test_several_outlets_that_carry_one_agency_agree_on_the_agency_only() -> None:
    told = trace(
        [
            carried("Gazette", "gazette.example", AFP),
            carried("Courier", "courier.example", AFP),
        ],
        DIRECTORY,
    )
    assert told.origin is None
    assert told.agency is not None
    assert (told.agency.name, told.chain) == ("AFP", ("AFP",))


def test_no_copies_have_no_origin() -> None:
    assert trace([], DIRECTORY) == Provenance(None)


def test_what_is_read_from_texts_makes_a_chain_down_to_a_user_s_agency() -> None:
    agency = Outlet("Norvane News Agency", ("127.0.0.11",))
    courier = Outlet("Sarnholm Courier", ("127.0.0.12",))
    ledger = Outlet("Global Ledger", ("127.0.0.13",))
    outlets = [agency, courier, ledger]
    directory = DIRECTORY.with_outlets(outlets)
    story = "A lake at the foot of the glacier broke through its wall of ice on Saturday night."
    texts = {
        agency: (story,),
        courier: (f"KELL (Norvane News Agency) — {story}",),
        ledger: (story, "This story originally appeared in the Sarnholm Courier."),
    }
    copies = [
        Carried(
            outlet,
            f"http://{outlet.domain}:8000/news/lake.html",
            carried("x", "").first_seen,
            read(
                *texts[outlet],
                carrier=outlet,
                url=f"http://{outlet.domain}:8000/news/lake.html",
                outlets=outlets,
            ),
            key=outlet.domain,
        )
        for outlet in outlets
    ]
    told = trace(copies, directory)
    assert told.chain == ("Global Ledger", "Sarnholm Courier", "Norvane News Agency")
    assert told.origin is not None
    assert told.origin.url == "http://127.0.0.11:8000/news/lake.html"


# ------------------------------------------------------------------------------- in any order

_OUTLETS = [
    Outlet("Gazette", ("gazette.example",)),
    Outlet("Courier", ("127.0.0.12",)),
    Outlet("Moor Echo", ("moorecho.example",)),
    Outlet("NDTV", ("ndtv.com",)),
    Outlet("AFP", ("afp.com",), kind=OutletKind.AGENCY),
    Outlet("Reuters", ("reuters.com",), kind=OutletKind.AGENCY),
    Outlet("Tribune Content Agency", ("tribunecontentagency.com",), kind=OutletKind.AGENCY),
]


@st.composite
def _credits(draw: st.DrawFn) -> tuple[object, ...]:
    found = []
    for outlet in draw(st.lists(st.sampled_from(_OUTLETS), max_size=3)):
        agency = outlet.kind is OutletKind.AGENCY
        rank = draw(st.sampled_from([Rank.PROSE_LINK, Rank.PROSE, Rank.WIRE, Rank.PART]))
        found.append(
            credit(
                outlet.name,
                draw(st.sampled_from([outlet.domain, ""])),
                rank=rank,
                role=Role.AGENCY if agency else Role.PUBLISHER,
                extent=Extent.PARTIAL if rank is Rank.PART else Extent.FULL,
                quote=draw(st.sampled_from(["one", "two", "three"])),
            )
        )
    return tuple(found)


@st.composite
def _copies(draw: st.DrawFn) -> list[Carried]:
    copies = []
    for number in range(draw(st.integers(1, 5))):
        outlet = draw(st.sampled_from(_OUTLETS))
        copies.append(
            Carried(
                outlet,
                f"https://{outlet.domain}/{draw(st.integers(0, 1))}",
                carried("x", "", minute=draw(st.integers(0, 5))).first_seen,
                draw(_credits()),  # type: ignore[arg-type]
                key=str(number),
            )
        )
    return copies


@given(_copies(), st.randoms(use_true_random=False))
def test_the_result_is_the_same_in_whatever_order_the_copies_come(
    copies: list[Carried], dice: object
) -> None:
    told = trace(copies, DIRECTORY)
    for order in list(permutations(copies))[:24]:
        assert trace(order, DIRECTORY) == told
    shuffled = list(copies)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert trace(shuffled, DIRECTORY) == told


@given(_copies())
def test_whatever_the_credits_say_the_result_holds_together(copies: list[Carried]) -> None:
    told = trace(copies, DIRECTORY)
    assert len(set(told.chain)) == len(told.chain)
    if told.origin is None:
        return
    assert told.origin.name in told.chain
    assert 0 < told.origin.confidence < 1
    assert told.origin.reason
    if told.agency is not None:
        assert told.chain[-1] == told.agency.name
        assert told.agency.name != told.origin.name
