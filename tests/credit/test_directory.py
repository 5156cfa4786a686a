"""Who is who: outlets by name and domain, and what is no outlet."""

import pytest

from aggregator.credit import load_directory, registrable_domain
from aggregator.credit.directory import outlet_entries
from aggregator.model import Outlet, OutletKind

DIRECTORY = load_directory()


@pytest.mark.parametrize(
    "name",
    ["NDTV", "ndtv", "Ndtv.com", "www.ndtv.com", "NDTV.COM", "एनडीटीवी", "New Delhi Television"],
)
def test_an_outlet_is_one_whatever_it_is_called(name: str) -> None:
    outlet = DIRECTORY.by_name(name)
    assert outlet is not None
    assert outlet.name == "NDTV"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("the guardian", "The Guardian"),
        ("Guardian", "The Guardian"),
        ("新华社", "Xinhua"),
        ("ТАСС", "TASS"),
        ("وكالة رويترز", "Reuters"),
        ("रॉयटर्स", "Reuters"),
        ("共同通信", "Kyodo"),
        ("연합뉴스", "Yonhap"),
        ("Agence France-Presse", "AFP"),
        ("Deutsche Presse-Agentur", "dpa"),
        ("Associated Press", "AP"),
    ],
)
def test_articles_letter_case_and_scripts_make_no_difference(name: str, expected: str) -> None:
    outlet = DIRECTORY.by_name(name)
    assert outlet is not None
    assert outlet.name == expected


@pytest.mark.parametrize(
    "host",
    ["ndtv.com", "www.ndtv.com", "m.ndtv.com", "https://sports.ndtv.com/cricket/x?y=1#z"],
)
def test_every_host_of_an_outlet_is_its_own(host: str) -> None:
    outlet = DIRECTORY.by_domain(host)
    assert outlet is not None
    assert outlet.name == "NDTV"


@pytest.mark.parametrize(
    "host",
    [
        "feedproxy.google.com",
        "feeds.feedburner.com",
        "news.google.com",
        "www-example-org.cdn.ampproject.org",
        "t.co",
        "bit.ly",
        "ift.tt",
        "getpocket.com",
    ],
)
def test_what_only_leads_to_texts_is_no_outlet(host: str) -> None:
    assert DIRECTORY.is_transport(host)
    assert DIRECTORY.by_domain(host) is None


def test_an_outlet_and_a_stranger_are_no_transports() -> None:
    assert not DIRECTORY.is_transport("theguardian.com")
    assert not DIRECTORY.is_transport("wexcombegazette.example")


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://www.wexcombe.co.uk/a", "wexcombe.co.uk"),
        ("news.wexcombe.com.au", "wexcombe.com.au"),
        ("http://127.0.0.5:8080/feed", "127.0.0.5"),
        ("127.0.0.5", "127.0.0.5"),
        ("wexcombe.example:8080/feed", "wexcombe.example"),
        ("https://reader@wexcombe.example/", "wexcombe.example"),
        ("http://[::1]:80/", "::1"),
        ("WWW.Example.ORG.", "example.org"),
        ("https://müller.example/", "xn--mller-kva.example"),
        ("moor.blogspot.com", "moor.blogspot.com"),
        ("", ""),
        ("not a host", ""),
        ("http://[", ""),
        ("mailto:a@example.org", ""),
    ],
)
def test_a_registrable_domain_is_found_offline(url: str, domain: str) -> None:
    assert registrable_domain(url) == domain


def test_there_are_hundreds_of_outlets_from_all_over_the_world() -> None:
    entries = list(outlet_entries())
    assert len(entries) > 1500
    scripts = {
        name
        for _, _, fields in entries
        for alias in fields.get("aliases", ())
        for name, first, last in (
            ("arabic", 0x600, 0x6FF),
            ("cyrillic", 0x400, 0x4FF),
            ("greek", 0x370, 0x3FF),
            ("hebrew", 0x590, 0x5FF),
            ("devanagari", 0x900, 0x97F),
            ("thai", 0xE00, 0xE7F),
            ("kana", 0x3040, 0x30FF),
            ("han", 0x4E00, 0x9FFF),
            ("hangul", 0xAC00, 0xD7A3),
        )
        if any(first <= ord(letter) <= last for letter in alias)
    }
    assert len(scripts) == 9


def test_a_users_outlets_win_and_the_directory_stays_as_it_was() -> None:
    mine = Outlet("Ndtv of Wexcombe", ("ndtv.com",))
    directory = DIRECTORY.with_outlets([mine])
    known = directory.by_domain("ndtv.com")
    assert known is not None
    assert known.name == "Ndtv of Wexcombe"
    assert directory.by_name("एनडीटीवी") == known
    before = DIRECTORY.by_domain("ndtv.com")
    assert before is not None
    assert before.name == "NDTV"


def test_a_new_outlet_is_known_by_its_names_and_domains() -> None:
    gazette = Outlet("Wexcombe Gazette", ("wexcombegazette.example",), ("WG",))
    directory = DIRECTORY.with_outlets([gazette])
    assert directory.by_name("the wexcombe gazette") == gazette
    assert directory.by_name("WG") == gazette
    assert directory.by_domain("www.wexcombegazette.example") == gazette
    assert DIRECTORY.by_name("Wexcombe Gazette") is None


def test_a_new_outlet_that_is_called_an_agency_is_one() -> None:
    directory = DIRECTORY.with_outlets([Outlet("Norvane News Agency", ("127.0.0.11",))])
    outlet = directory.by_domain("127.0.0.11")
    assert outlet is not None
    assert outlet.kind is OutletKind.AGENCY


def test_an_agency_that_a_user_corrects_stays_an_agency() -> None:
    directory = DIRECTORY.with_outlets([Outlet("Reuters", ("reuters.test",))])
    outlet = directory.by_name("Reuters")
    assert outlet is not None
    assert outlet.kind is OutletKind.AGENCY
    assert "reuters.com" in outlet.domains
    assert outlet.domain == "reuters.test"


def test_what_a_user_says_of_an_outlet_wins_over_what_was_known() -> None:
    directory = DIRECTORY.with_outlets([Outlet("Reuters", ("reuters.test",))], corrects=True)
    outlet = directory.by_name("Reuters")
    assert outlet is not None
    assert outlet.kind is OutletKind.PUBLISHER
    assert "reuters.com" in outlet.domains


def test_a_short_name_is_an_outlets_only_where_its_language_is_spoken() -> None:
    assert DIRECTORY.is_spoken("CBS", "en")
    assert not DIRECTORY.is_spoken("CBS", "nl")
    assert DIRECTORY.is_spoken("ZZZ", "nl")
    assert DIRECTORY.by_name("Nós") is None


@pytest.mark.parametrize("name", ["aa", "ap", "", " ", "x" * 500, "<b>", "a.b.c.d.e.f.g"])
def test_what_is_no_name_is_nobodys(name: str) -> None:
    assert DIRECTORY.by_name(name) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://www.google.com/url?q=https%3A%2F%2Fwexcombe.example%2Fa&sa=U",
        "https://wexcombe-example.cdn.ampproject.org/c/s/wexcombe.example/a",
        "https://www.bing.com/news/apiclick.aspx?url=https%3a%2f%2fwexcombe.example%2fa",
    ],
)
def test_transports_that_say_where_they_lead_are_unwrapped(url: str) -> None:
    assert DIRECTORY.target_of(url) == "https://wexcombe.example/a"


def test_a_shortener_does_not_say_where_it_leads() -> None:
    assert DIRECTORY.target_of("https://bit.ly/3xYz") == ""
