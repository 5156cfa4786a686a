"""Reading an entry: what the worker makes of it."""

from datetime import UTC, datetime

from aggregator.model import Mark, MarkKind, Outlet, ParsedEntry
from aggregator.parse import told_apart
from aggregator.reading import Task, know_outlets, read

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEARCH = Outlet("News Search", ("search.example",))


def reading(outlet: Outlet, **entry):
    (found,) = told_apart([ParsedEntry(**entry)])
    (result,) = read(outlet, "en", [Task(found)], NOW)
    return result


def test_an_item_of_a_transport_is_its_sources_and_loses_the_suffix_of_its_title():
    found = reading(
        SEARCH,
        title="Night ferry to run until three - Harbour Post",
        url="https://harbourpost.example/ferry",
        marks=(Mark(MarkKind.RSS_SOURCE, "Harbour Post", "https://harbourpost.example/feed"),),
    )
    assert found.carrier.name == "Harbour Post"
    assert found.entry.title == found.document.title == "Night ferry to run until three"


def test_a_title_of_ones_own_keeps_what_follows_a_dash():
    found = reading(
        Outlet("Harbour Post", ("harbourpost.example",)),
        title="Ferries - Harbour Post",
        url="https://harbourpost.example/ferry",
    )
    assert found.entry.title == "Ferries - Harbour Post"


def test_boilerplate_is_cut_from_what_is_shown_and_from_what_is_matched():
    text = (
        "<p>The night ferry between the old harbour and the north bank will run until three in "
        "the morning from April, the port authority said on Sunday.</p>"
    )
    found = reading(
        Outlet("Harbour Post", ("harbourpost.example",)),
        title="Ferry",
        url="https://harbourpost.example/ferry",
        summary_html=f"<p>Share on Facebook</p>{text}<h3>Related</h3><ul><li>"
        '<a href="https://harbourpost.example/1">Mayor opens bridge</a></li></ul>',
    )
    assert found.entry.summary_html == text
    assert "Mayor" not in found.document.text
    assert "Facebook" not in found.document.text


def test_outlets_of_feeds_and_those_that_the_user_told_are_recognised_in_credits():
    text = "<p>The ferry runs all night.</p><p>This story was first published by {}.</p>"
    carrier = Outlet("Harbour Post", ("harbourpost.example",))
    learned = Outlet("Quay Lines", ("quaylines.example",))
    told = Outlet("Sarnholm Courier", ("sarnholm.example",), ("The Mast",))
    know_outlets((learned,), (told,))
    try:
        for name, outlet in (("Quay Lines", learned), ("the Mast", told)):
            found = reading(
                carrier,
                title="Ferry",
                url="https://harbourpost.example/f",
                summary_html=text.format(name),
            )
            assert [(c.name, c.domain) for c in found.credits] == [(outlet.name, outlet.domain)]
    finally:
        know_outlets(())


def test_what_the_addresses_of_an_entry_tell_is_read():
    carrier = Outlet("Harbour Post", ("harbourpost.example",))
    copied = reading(
        carrier,
        title="Ferry",
        url="https://harbourpost.example/f",
        guid="https://quaylines.example/?p=12",
    )
    assert [c.domain for c in copied.credits] == ["quaylines.example"]
    own = reading(
        carrier,
        title="Ferry",
        url="https://harbourpost.example/f",
        guid="https://www.harbourpost.example/?p=12",
    )
    assert own.credits == ()
    led = reading(
        Outlet("Some Search", ("google.com",)),
        title="Ferry",
        url="https://www.google.com/url?q=https%3A%2F%2Fquaylines.example%2Ff&sa=U",
    )
    assert led.carrier.domain == "quaylines.example"
