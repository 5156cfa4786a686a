"""What a poll teaches about its feed: the record that the store keeps, however the poll ended.

Pure: the time and the dice are given. `pipeline` says what happened, `fetch` when to come again.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from aggregator.errors import AggregatorError
from aggregator.fetch import (
    Bounds,
    after_failure,
    after_success,
    fresh_for,
    learn,
    postponed,
    retry_after,
    websub,
)
from aggregator.model import (
    Feed,
    KeptDocument,
    ParsedFeed,
    PollRecord,
    Response,
    Validators,
    Wishes,
)

# A feed is asked for in full after a day of "nothing changed", then after two, and so on: a server
# whose validators are right costs us little by that, and one that lies is found out.
_LONGEST_LOOK = 32  # days
_LATE = timedelta(minutes=1)
# What a permanent redirect led to is given up after so many failures, for what was configured.
_PATIENCE = 3
_WRONG_PLACE = frozenset({"gone", "http_404", "html_page", "not_a_feed", "dns"})
# A hub that brought nothing for so long may have forgotten us.
_TRUST = timedelta(days=7)
_LIE = "its server says that nothing changed when something did, so it is read in full once a day"


@dataclass(frozen=True, slots=True)
class Changed:
    """What a poll that read a document found."""

    parsed: ParsedFeed
    document: KeptDocument
    new: int  # entries
    changed: int
    dates: tuple[datetime, ...]
    pages_owed: int
    by_hub: bool = False  # a WebSub hub brought it


def wants_full(feed: Feed, now: datetime) -> bool:
    """Whether a feed is to be asked for in full, to see whether its validators tell the truth."""
    if feed.looked_at is None or not (feed.validators.etag or feed.validators.last_modified):
        return False
    return now - feed.looked_at >= timedelta(days=max(feed.look_days, 1))


def unchanged(
    feed: Feed, response: Response, now: datetime, bounds: Bounds, dice: Random
) -> PollRecord:
    """The record of a poll that found what was there before."""
    wishes = replace(feed.wishes, max_age=_fresh(feed, response, now))
    record = _good(feed, response, now, bounds, dice, wishes=wishes)
    if response.not_modified:
        return replace(record, looked_at=None if feed.looked_at else now)
    if not wants_full(feed, now):
        return replace(record, looked_at=now)
    days = min(2 * max(feed.look_days, 1), _LONGEST_LOOK)
    return replace(record, looked_at=now, look_days=days)


def changed(  # noqa: PLR0917  (the poll, and the chances of the next)
    feed: Feed,
    response: Response,
    found: Changed,
    now: datetime,
    bounds: Bounds,
    dice: Random,
) -> PollRecord:
    """The record of a poll that read a document."""
    parsed = found.parsed
    every = parsed.update_every
    wishes = (
        feed.wishes
        if found.by_hub
        else Wishes(
            max_age=_fresh(feed, response, now),
            ttl=None if parsed.ttl == every else parsed.ttl,
            every=every,
            skip_hours=parsed.skip_hours,
            skip_days=parsed.skip_days,
        )
    )
    record = _good(
        feed,
        response,
        now,
        bounds,
        dice,
        wishes=wishes,
        news=found.new + found.changed > 0,
        dates=found.dates,
        by_hub=found.by_hub,
    )
    lied = _lied(feed, response, found, now)
    record = replace(
        record,
        title=parsed.title,
        site_url=parsed.url,
        note="; ".join(_notes(parsed, found.pages_owed, lied=lied)),
    )
    if found.by_hub:
        return replace(record, pushed_at=now, owed=found.document if found.pages_owed else False)
    if found.new and feed.pushed_at is not None:  # it should have come by the hub
        record = replace(record, pushed_at=None)
    if response.not_modified:  # the document is the one that is kept already
        return replace(record, owed=False if found.pages_owed else None)
    hub = _hub(parsed, response)
    record = replace(record, hub=hub, owed=found.document if found.pages_owed else None)
    if parsed.cut_off:
        # Whoever remembered what was cut off would be told that it is all there is.
        record = replace(record, validators=Validators())
    if response.partial:
        return replace(record, body_digest="")
    return replace(
        record,
        body_digest=digest(response.body),
        looked_at=now,
        look_days=1 if lied else None,
        wire_bytes=response.wire_bytes,
    )


def failed(
    feed: Feed, error: AggregatorError, now: datetime, bounds: Bounds, dice: Random
) -> PollRecord:
    """The record of a poll that failed, or that was not made because its host rests."""
    wait = getattr(error, "retry_after", None)
    if error.reason == "host_resting":
        then = postponed(now, bounds, dice, wait=wait or timedelta(0))
        return PollRecord(
            feed.id, now, then.at, then.interval, why=then.why, error=str(error), postponed=True
        )
    elsewhere = feed.poll_url != feed.spec.url
    lost = elsewhere and error.reason in _WRONG_PLACE
    then = after_failure(
        now,
        bounds,
        dice,
        failures=feed.failures + 1,
        retry_after=wait,
        # Where a redirect led is gone; what was configured may lead to somewhere else by now.
        gone=error.reason == "gone" and not elsewhere,
        wishes=feed.wishes,
    )
    moved = getattr(error, "permanent_url", "")
    if lost and (error.reason == "gone" or feed.failures + 1 >= _PATIENCE):
        moved = feed.spec.url
    return PollRecord(
        feed.id,
        now,
        then.at,
        then.interval,
        getattr(error, "status", None),
        poll_url=moved,
        error=str(error),
        error_reason="moved_and_gone" if error.reason == "gone" and elsewhere else error.reason,
        remedy=error.remedy,
        why=then.why,
    )


def digest(body: bytes) -> str:
    """By which a body is known again; "" for none."""
    return hashlib.blake2b(body, digest_size=16).hexdigest() if body else ""


def _notes(parsed: ParsedFeed, pages_owed: int, *, lied: bool) -> Iterator[str]:
    """What was odd, for people."""
    yield from parsed.problems
    if parsed.skipped:
        yield f"{parsed.skipped} entries were left out"
    if pages_owed:
        pages = "1 article page is" if pages_owed == 1 else f"{pages_owed} article pages are"
        yield f"{pages} still to be fetched"
    if lied:
        yield _LIE


def _good(
    feed: Feed,
    response: Response,
    now: datetime,
    bounds: Bounds,
    dice: Random,
    *,
    wishes: Wishes,
    news: bool = False,
    dates: Iterable[datetime] = (),
    by_hub: bool = False,
) -> PollRecord:
    rhythm = learn(feed.rhythm, now, found=news, dates=dates)
    late = feed.next_poll_at is not None and now - feed.next_poll_at > max(_LATE, feed.interval / 5)
    then = after_success(
        now,
        bounds,
        dice,
        wishes=wishes,
        rhythm=rhythm,
        retry_after=retry_after(response.headers.get("retry-after"), now),
        pushed=by_hub or _brings(feed, now, news=news),
        in_a_pile=late or feed.rhythm.since is None,
    )
    return PollRecord(
        feed.id,
        now,
        then.at,
        then.interval,
        status=response.status,
        poll_url=response.permanent_url,
        validators=response.validators,
        wishes=wishes,
        rhythm=rhythm,
        why=then.why,
    )


def _brings(feed: Feed, now: datetime, *, news: bool) -> bool:
    """Whether a hub brings the feed's news: it did lately, and no poll found what it did not."""
    return feed.pushed_at is not None and not news and now - feed.pushed_at < _TRUST


def _hub(parsed: ParsedFeed, response: Response) -> tuple[str, str]:
    """The hub and the topic, by the headers or the document (WebSub, section 4); "" for none."""
    hub, topic = websub.hub_of(response.headers, response.final_url)
    hub = hub or parsed.hub
    return (hub, topic or parsed.self_url or response.final_url) if hub else ("", "")


def _fresh(feed: Feed, response: Response, now: datetime) -> timedelta | None:
    """How long the answer is fresh; a 304 that does not say leaves it as it was (RFC 9111, 4.3)."""
    silent = not _says(response.headers)
    if response.not_modified and silent:
        return feed.wishes.max_age
    return fresh_for(response.headers, now)


def _says(headers: Mapping[str, str]) -> bool:
    return "cache-control" in headers or "expires" in headers


def _lied(feed: Feed, response: Response, found: Changed, now: datetime) -> bool:
    """Whether a look at the whole document found news under the same validators as before."""
    if not wants_full(feed, now) or response.status != 200 or not found.new + found.changed:
        return False
    before, after = feed.validators, response.validators
    return (before.etag, before.last_modified) == (after.etag, after.last_modified)
