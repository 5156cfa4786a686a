"""The main job: what the newsroom's outlets carry becomes one item for each story."""

import pytest
from running import RunningDaemon, Told
from truth import Truth, truths

from aggregator.demo import Newsroom, load_desk

DESK = load_desk()
TRUTHS = truths(DESK, tick=DESK.last_tick)
SHARED = [name for name, truth in TRUTHS.items() if len(truth.carriers) > 1]
CREDITED = [name for name, truth in TRUTHS.items() if len(truth.chain) > 1]


@pytest.fixture(scope="session")
def told(merged: RunningDaemon) -> dict[str, Told]:
    return merged.by_story()


def test_there_is_exactly_one_item_for_each_story(told: dict[str, Told]) -> None:
    assert sorted(told) == sorted(TRUTHS)


@pytest.mark.parametrize("name", SHARED)
def test_all_copies_of_a_story_are_in_it(
    name: str, told: dict[str, Told], evening: Newsroom
) -> None:
    wanted = {evening.article(key).url for key in TRUTHS[name].carriers}
    assert told[name].copies == wanted


@pytest.mark.parametrize("name", TRUTHS)
def test_each_item_links_to_the_original(
    name: str, told: dict[str, Told], evening: Newsroom
) -> None:
    assert told[name].url == evening.page_url(TRUTHS[name].page)


@pytest.mark.parametrize("name", CREDITED)
def test_the_whole_chain_of_credit_is_named(name: str, told: dict[str, Told]) -> None:
    assert told[name].chain == TRUTHS[name].chain
    assert told[name].origin == TRUTHS[name].chain[-1]


def test_the_chain_runs_from_the_republisher_by_the_national_paper_to_the_agency(
    told: dict[str, Told],
) -> None:
    chain = ("Global Ledger Group", "Sarnholm Courier", "Norvane News Agency")
    assert told["ferry-night"].chain == chain
    assert told["sleeping-satellite"].chain == chain


@pytest.mark.parametrize("name", [name for name in TRUTHS if name not in CREDITED])
def test_nobody_is_credited_where_nobody_is_named(name: str, told: dict[str, Told]) -> None:
    """A cut copy without credit has the origin found by what it shares, not a chain made up."""
    assert set(told[name].chain) <= set(TRUTHS[name].chain)
    assert told[name].origin in {"", *TRUTHS[name].chain}


@pytest.mark.parametrize(
    "names",
    [
        ("match-rovers-harriers", "match-rovers-tollerby", "match-athletic-rangers"),
        ("weather-valley-monday", "weather-valley-tuesday", "weather-coast-monday"),
        ("herring-accord", "canneries-restart"),
        ("morning-roundup", "ferry-night", "library-cards", "seed-vault", "tide-mill"),
    ],
    ids=["match reports", "weather reports", "two accounts", "a roundup and what it quotes"],
)
def test_what_only_looks_alike_stays_apart(names: tuple[str, ...], told: dict[str, Told]) -> None:
    assert len({told[name].id for name in names}) == len(names)


def test_explain_tells_the_story_of_a_copys_address(
    merged: RunningDaemon, evening: Newsroom
) -> None:
    said = merged.command("explain", evening.page_url("ledger/ferry-night"))
    truth: Truth = TRUTHS["ferry-night"]
    assert " → ".join(truth.chain) in said
    assert "This story originally appeared on Sarnholmcourier.example" in said
    for key in truth.carriers:
        assert evening.page_url(key) in said
