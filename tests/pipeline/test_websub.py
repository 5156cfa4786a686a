"""WebSub: subscribed, verified, pushed to, renewed; and what a forger or a liar comes to."""

import asyncio
import hashlib
import hmac
from datetime import timedelta
from urllib.parse import parse_qs

import httpx
import pytest
from desk import FERRY, HOUR, OWLS, item, rss
from hypothesis import given
from hypothesis import strategies as st
from publisher import publishing
from starlette.applications import Starlette

from aggregator.config import load
from aggregator.fetch import websub
from aggregator.push import Push, callback_base
from aggregator.web.websub import push_routes

DAY = 24 * HOUR
BASE = "https://news.example.org/push/"


@pytest.fixture
async def press(clock):
    async with publishing(clock) as publisher:
        yield publisher


@pytest.fixture
async def hub(clock):
    async with publishing(clock, "127.0.0.2") as hub:
        hub.says("/hub", status=202)
        yield hub


@pytest.fixture
async def push(desk, store, make_fetcher, clock):
    fetcher = await make_fetcher()
    return Push(BASE, store=store, fetcher=fetcher, pipeline=desk.pipeline, clock=clock)


@pytest.fixture
async def web(push):
    app = Starlette(routes=push_routes(push, max_bytes=100_000))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://news.example.org") as web:
        yield web


def with_hub(hub, *items, itself="http://127.0.0.1/topic"):
    links = f'<atom:link rel="hub" href="{hub.url}/hub"/><atom:link rel="self" href="{itself}"/>'
    text = rss(*items)
    text = text.replace("<rss ", '<rss xmlns:atom="http://www.w3.org/2005/Atom" ')
    return text.replace("<item>", links + "<item>", 1)


async def asked(push, hub):
    """The form of the latest subscription that the hub was asked for."""
    await push.ask()
    return {name: values[0] for name, values in parse_qs(hub.at("/hub")[-1].body).items()}


async def verified(push, hub, web, **changes):
    form = await asked(push, hub)
    path = form["hub.callback"].removeprefix("https://news.example.org")
    query = {
        "hub.mode": "subscribe",
        "hub.topic": form["hub.topic"],
        "hub.challenge": "quux",
        "hub.lease_seconds": "864000",
    }
    return form, path, await web.get(path, params=query | changes)


def signed(body: bytes, secret: str, method: str = "sha256") -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
    return {"X-Hub-Signature": f"{method}={digest}", "Content-Type": "application/rss+xml"}


@pytest.fixture
async def subscribed(desk, press, hub, push, web):
    """A feed with a verified subscription: its URL, the callback's path and the secret."""
    url = press.minds("/feed", with_hub(hub, item("ferry", FERRY)), '"1"')
    desk.lists(url)
    await desk.polls(url, timedelta(0))
    form, path, answer = await verified(push, hub, web)
    assert answer.text == "quux"
    return url, path, form["hub.secret"]


# --- subscribing


async def test_a_subscription_is_asked_for_as_the_standard_has_it(desk, press, hub, push):
    url = press.says("/feed", with_hub(hub, item("ferry", FERRY)))
    desk.lists(url)
    await desk.polls(url)
    form = await asked(push, hub)
    assert form["hub.mode"] == "subscribe"
    assert form["hub.topic"] == "http://127.0.0.1/topic"
    assert form["hub.callback"].startswith(BASE)
    assert len(form["hub.callback"]) > len(BASE) + 32
    assert len(form["hub.secret"]) >= 32
    assert hub.asked[0].headers["content-type"] == "application/x-www-form-urlencoded"


async def test_hub_and_topic_in_the_headers_outrank_those_in_the_document(desk, press, hub, push):
    link = f'<{hub.url}/other>; rel="hub", <{press.url}/topic>; rel="self"'
    hub.says("/other", status=202)
    url = press.says("/feed", with_hub(hub, item("ferry", FERRY)), Link=link)
    desk.lists(url)
    await desk.polls(url)
    await push.ask()
    assert hub.paths() == ["/other"]
    assert parse_qs(hub.asked[0].body)["hub.topic"] == [f"{press.url}/topic"]


async def test_an_atom_feed_names_its_hub_too(desk, press, hub, push):
    text = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Post</title><id>urn:x</id>'
        f'<link rel="hub" href="{hub.url}/hub"/><link rel="self" href="{press.url}/feed"/>'
        "<entry><id>urn:1</id><title>Ferry</title><content>The ferry.</content></entry></feed>"
    )
    url = press.says("/feed", text)
    desk.lists(url)
    await desk.polls(url)
    assert (await asked(push, hub))["hub.topic"] == url


async def test_what_was_asked_for_is_verified_and_nothing_else(subscribed, web):
    _, path, _ = subscribed
    good = {"hub.mode": "subscribe", "hub.topic": "http://127.0.0.1/topic", "hub.challenge": "c"}
    assert (await web.get(path, params=good)).text == "c"
    for wrong in (
        {"hub.topic": "http://127.0.0.1/other"},
        {"hub.mode": "unsubscribe"},
        {"hub.challenge": ""},
        {"hub.mode": ""},
    ):
        assert (await web.get(path, params=good | wrong)).status_code == 404
    assert (await web.get("/push/guessed", params=good)).status_code == 404


async def test_a_challenge_is_never_a_page(subscribed, web):
    _, path, _ = subscribed
    query = {
        "hub.mode": "subscribe",
        "hub.topic": "http://127.0.0.1/topic",
        "hub.challenge": "<script>alert(1)</script>",
    }
    assert (await web.get(path, params=query)).headers["content-type"].startswith("text/plain")


async def test_a_lease_is_renewed_before_it_ends(subscribed, push, hub, clock):
    assert len(hub.asked) == 1
    clock.now += 7 * DAY
    await push.ask()
    assert len(hub.asked) == 1
    clock.now += DAY
    await push.ask()
    assert len(hub.asked) == 2


async def test_a_hub_that_does_not_answer_is_asked_ever_more_rarely(desk, press, hub, push, clock):
    hub.says("/hub", "no", 500)
    url = press.says("/feed", with_hub(hub, item("ferry", FERRY)))
    desk.lists(url)
    await desk.polls(url)
    for _ in range(14 * 24):
        await push.ask()
        clock.now += HOUR
    assert 6 <= len(hub.asked) <= 10


async def test_a_hub_that_denies_is_not_pressed(desk, press, hub, push, web, clock):
    url = press.says("/feed", with_hub(hub, item("ferry", FERRY)))
    desk.lists(url)
    await desk.polls(url)
    _, _, answer = await verified(push, hub, web, **{"hub.mode": "denied"})
    assert answer.status_code == 200
    clock.now += 6 * DAY
    await push.ask()
    assert len(hub.asked) == 1


async def test_a_hub_at_a_private_address_is_not_asked(desk, press, push, store):
    text = with_hub(press, item("ferry", FERRY)).replace(press.url, "http://169.254.169.254")
    url = press.says("/feed", text)
    desk.lists(url)
    await desk.polls(url)
    await push.ask()
    (again,) = store.subscriptions_due(desk.clock() + 2 * HOUR, 5)
    assert again.failures == 1


# --- pushes


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
async def test_what_a_hub_brings_is_filed_as_if_it_were_polled(desk, subscribed, web, hub, method):
    url, path, secret = subscribed
    body = with_hub(hub, item("owls", OWLS)).encode()
    answer = await web.post(path, content=body, headers=signed(body, secret, method))
    assert answer.status_code == 202
    assert {story.title for story in desk.stories()} == {"ferry", "owls"}
    health = desk.health(url)
    assert (health.push, health.entries) == (f"{hub.url}/hub", 2)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature": ""},
        {"X-Hub-Signature": "sha256=" + "0" * 64},
        {"X-Hub-Signature": "md5=" + "0" * 32},
        {"X-Hub-Signature": "sha256=é"},
    ],
)
async def test_a_forged_push_is_dropped_and_told_nothing(desk, subscribed, web, hub, headers):
    _, path, _ = subscribed
    body = with_hub(hub, item("owls", OWLS)).encode()
    raw = {name: value.encode() for name, value in headers.items()}
    assert (await web.post(path, content=body, headers=raw)).status_code == 202
    assert [story.title for story in desk.stories()] == ["ferry"]


async def test_a_signature_is_of_these_very_bytes(desk, subscribed, web, hub):
    _, path, secret = subscribed
    body = with_hub(hub, item("owls", OWLS)).encode()
    await web.post(path, content=body + b" ", headers=signed(body, secret))
    assert [story.title for story in desk.stories()] == ["ferry"]


async def test_too_much_too_often_and_to_nobody_are_refused_before_they_are_read(
    subscribed, web, clock
):
    _, path, secret = subscribed
    huge = b"x" * 100_001
    assert (await web.post(path, content=huge, headers=signed(huge, secret))).status_code == 413
    assert (await web.post("/push/guessed", content=b"x")).status_code == 410
    statuses = [(await web.post(path, content=b"x")).status_code for _ in range(60)]
    assert statuses[-1] == 429
    clock.now += timedelta(minutes=1)
    assert (await web.post(path, content=b"x")).status_code == 202


async def test_what_is_pushed_and_cannot_be_read_is_not_the_feeds_fault(desk, subscribed, web):
    url, path, secret = subscribed
    await web.post(path, content=b"not a feed", headers=signed(b"not a feed", secret))
    assert desk.health(url).state == "ok"


async def test_a_push_during_a_poll_files_each_entry_once(desk, subscribed, web, press, hub):
    url, path, secret = subscribed
    body = with_hub(hub, item("owls", OWLS), item("ferry", FERRY))
    press.says("/feed", body)
    headers = signed(body.encode(), secret)
    await asyncio.gather(
        desk.polls(url), *(web.post(path, content=body, headers=headers) for _ in range(3))
    )
    assert sorted(story.title for story in desk.stories()) == ["ferry", "owls"]
    assert desk.health(url).entries == 2


# --- polls meanwhile


async def test_polls_slow_down_while_a_hub_brings_the_news(desk, subscribed, web, hub, press):
    url, path, secret = subscribed
    body = with_hub(hub, item("owls", OWLS), item("ferry", FERRY)).encode()
    await web.post(path, content=body, headers=signed(body, secret))
    press.minds("/feed", body.decode(), '"2"')
    start = desk.clock()
    await desk.polls_when_due(url, start + 2 * DAY)
    polls = [one.at for one in press.at("/feed") if one.at > start]
    assert 3 <= len(polls) <= 6  # instead of 48
    assert "hub" in desk.health(url).why


async def test_a_hub_that_keeps_news_to_itself_is_trusted_no_more(
    desk, subscribed, web, hub, press
):
    url, path, secret = subscribed
    body = with_hub(hub, item("owls", OWLS), item("ferry", FERRY)).encode()
    await web.post(path, content=body, headers=signed(body, secret))
    assert desk.feed(url).next_poll_at >= desk.clock() + 8 * HOUR
    press.says("/feed", with_hub(hub, item("quiet", OWLS[:1]), item("owls", OWLS)))
    desk.clock.now = desk.feed(url).next_poll_at
    await desk.polls(url, timedelta(0))
    assert desk.feed(url).next_poll_at < desk.clock() + 2 * HOUR
    assert desk.health(url).push == ""


async def test_a_hub_that_falls_silent_is_trusted_no_more_after_a_week(
    desk, subscribed, web, hub, press
):
    url, path, secret = subscribed
    body = with_hub(hub, item("owls", OWLS)).encode()
    await web.post(path, content=body, headers=signed(body, secret))
    await desk.polls_when_due(url, desk.clock() + 8 * DAY)
    assert "hub" not in desk.health(url).why


# --- where we can be reached, and pure parts


@pytest.mark.parametrize(
    ("base", "on"),
    [
        ("https://news.example.org", True),
        ("https://news.example.org/below", True),
        ("https://1.1.1.1", True),
        ("http://127.0.0.1:8080", False),
        ("http://192.168.1.4", False),
        ("http://localhost:8080", False),
        ("http://[::1]:8080", False),
        ("", False),
    ],
)
def test_hubs_are_asked_only_where_they_can_reach_us(base, on):
    environment = {"AGGREGATOR_SERVER__BASE_URL": base} if base else {}
    found = callback_base(load(None, environment))
    assert found == (f"{base}/push/" if on else "")


@given(st.binary(), st.text(), st.text(st.characters(codec="utf-8")))
def test_no_text_is_a_signature_by_chance(body, signature, secret):
    assert not websub.is_signed(body, signature, secret)


@given(st.text(), st.sampled_from(["http://e.org/feed", ""]))
def test_any_link_header_names_a_hub_or_none(value, url):
    hub, topic = websub.hub_of({"link": value + "; rel=hub"}, url)
    assert isinstance(hub, str)
    assert isinstance(topic, str)


@pytest.mark.parametrize(
    ("seconds", "days"), [("864000", 10), ("", 10), ("-1", 10), ("9" * 40, 60), ("86400", 1)]
)
def test_a_lease_is_what_the_hub_grants_within_reason(seconds, days):
    assert websub.lease_of(seconds) == timedelta(days=days)
