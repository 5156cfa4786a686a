"""What the terminal shows of stories and feeds."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rich.console import Console

from aggregator.explain import explanation, health_json, health_table
from aggregator.model import FeedHealth, NearMiss, Ruling

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def printed(what) -> str:
    console = Console(file=io.StringIO(), width=200, color_system=None)
    console.print(what)
    return console.file.getvalue()


def health(**changes) -> FeedHealth:
    feed = FeedHealth(
        url="https://user:hunter2@a.example/feed",
        name="A [bold]name[/oops]",
        domain="a.example",
        category="World",
        state="failing",
        last_polled_at=NOW,
        last_success_at=None,
        next_poll_at=NOW + timedelta(hours=1),
        interval=timedelta(hours=1),
        status=404,
        error="https://user:hunter2@a.example/feed is not there. Look for it.",
        error_reason="http_404",
        failures=2,
        entries=3,
        polls=4,
        not_modified=1,
    )
    return replace(feed, **changes)


def test_a_story_is_explained_with_its_marks_and_decisions(story):
    misses = NearMiss(7, 0.31, "the same template", "the-id"), NearMiss(8, 0.2, "no")
    decided = replace(story.copies[0], reason="The texts agree.", threshold=0.5, near_misses=misses)
    merge = Ruling("merge", "younger-id", story.first_seen)
    copies = decided, story.copies[1]
    told = printed(explanation(replace(story, copies=copies, rulings=(merge,))))
    for words in (
        "The Harbour Post, wire: Lakes Wire (97% sure: credited by 1 of 2 copies",
        "Valley Republisher → The Harbour Post → Lakes Wire",
        "“This story originally appeared on Harbourpost.example”",
        "copy: The texts agree. (score 0.93, needed 0.50)",
        "near miss: story the-id at 0.31: the same template",
        "near miss: story (gone by now) at 0.20: no",
        "Said:   a person joined story younger-id to it, 2026-03-01 12:00:00 UTC",
        "edited: headline changed",
    ):
        assert words in told


def test_what_others_wrote_does_nothing_to_the_terminal(story):
    hostile = "\x1b]0;owned\x07\x1b[31mred [bold]x[/nope]"
    copies = tuple(replace(copy, title=hostile, outlet=hostile) for copy in story.copies)
    told = printed(explanation(replace(story, title=hostile, conflict=hostile, copies=copies)))
    assert "\x1b" not in told
    assert "[bold]x[/nope]" in told


def test_feeds_are_listed_with_what_is_wrong_and_without_passwords():
    told = printed(health_table([health(), health(state="ok", error="", note="odd")]))
    assert "A [bold]name[/oops]" in told
    assert "is not there. Look for it." in told
    assert "hunter2" not in told
    assert "hunter2" not in str(health_json(health()))
    assert health_json(health())["next_poll_at"] == "2026-03-01T13:00:00Z"
