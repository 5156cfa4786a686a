"""First steps and new subscriptions: what `init` and `feeds import` write into config.yaml."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from aggregator.config import FeedConfig, check, feeds_from_opml, load
from aggregator.config.values import same_url
from aggregator.errors import ConfigError
from aggregator.model import FeedSpec

_FIRST = """\
# What aggregator reads. `aggregator check` tells what is wrong in here.

feeds:
{feeds}
  # Another feed needs its url, and nothing more:
  # - url: https://news.example.org/feed.xml
  #   name: The Example      # the outlet's name; default: the feed's own title
  #   domain: example.org    # the outlet's domain, where the feed is served by another
  #   category: World

# How often a feed is asked until it has shown its own rhythm.
poll:
  interval: 30m

# Where everything is kept: a file, relative to this one, or postgresql://user:password@host/name
database: sqlite:///data/aggregator.db

server:
  port: 8080
  # base_url: https://news.example.org    as subscribers reach it
"""
_EXAMPLES = (
    FeedSpec("https://www.theguardian.com/world/rss", "The Guardian", category="World"),
    FeedSpec("https://feeds.bbci.co.uk/news/world/rss.xml", "BBC News", "bbc.com", "World"),
    FeedSpec("https://www.aljazeera.com/xml/rss/all.xml", "Al Jazeera", category="World"),
    FeedSpec("https://theconversation.com/us/articles.atom", "The Conversation", category="World"),
)


@dataclass(frozen=True, slots=True)
class Subscribed:
    """What was written."""

    config: Path
    added: int
    known: int = 0  # feeds that were there already

    def __str__(self) -> str:
        if not self.known:
            return f"{self.config}: {_feeds(self.added)} added."
        return f"{self.config}: {_feeds(self.added)} added, {self.known} were there already."


@dataclass(frozen=True, slots=True)
class Begun:
    """A first configuration that was written."""

    config: Path
    feeds: int
    examples: bool  # whether the feeds are ours

    def __str__(self) -> str:
        kind = f"{_feeds(self.feeds)}{' to begin with' if self.examples else ''}"
        return f"{self.config}: {kind}. Now run: aggregator run --config {self.config}"


def first_config(config: Path, opml: Path | None = None) -> Begun:
    """Write a first configuration, with the feeds of an OPML file or a few examples.

    Raises ConfigError when the file is there already, or the OPML
    file cannot be read.
    """
    if config.exists():
        raise ConfigError(
            f"{config} is there already.",
            reason="config_exists",
            remedy="Name another file with --config, or add to it with `aggregator feeds import`.",
        )
    feeds = _of_opml(opml) if opml is not None else _EXAMPLES
    listed = CommentedSeq(_entry(feed) for feed in feeds)
    lines = _dumped({"feeds": listed}).splitlines()[1:]
    _write(config, _FIRST.format(feeds="\n".join(lines)))
    return Begun(config, len(feeds), examples=opml is None)


def add_opml(config: Path, opml: Path) -> Subscribed:
    """Add the feeds of an OPML file that are not in the configuration, which keeps its comments.

    Raises ConfigError when either cannot be read, or the result would not be right.
    """
    settings = load(config)
    known = {same_url(feed.url) for feed in settings.feeds if isinstance(feed, FeedConfig)}
    found = _of_opml(opml)
    new = [feed for feed in found if same_url(feed.url) not in known]
    if new:
        yaml = _yaml()
        data = yaml.load(config.read_text("utf-8-sig"))
        data = data if isinstance(data, CommentedMap) else CommentedMap()
        if not data.get("feeds"):
            data["feeds"] = CommentedSeq()
        _append(data["feeds"], map(_entry, new))
        _write(config, _dumped(data))
    return Subscribed(config, len(new), len(found) - len(new))


def _append(listed: CommentedSeq, entries: Iterable[CommentedMap]) -> None:
    """Put entries after the last one, before the comments that follow it."""
    last = listed[-1] if listed else None
    # A comment between two sections hangs on the last key of the first.
    trailing = {}
    if isinstance(last, CommentedMap) and last:
        key = list(last)[-1]
        trailing = {key: last.ca.items.pop(key)} if key in last.ca.items else {}
    listed.extend(entries)
    newest = listed[-1]
    if trailing and isinstance(newest, CommentedMap):
        newest.ca.items[list(newest)[-1]] = next(iter(trailing.values()))


def _of_opml(path: Path) -> tuple[FeedSpec, ...]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or error}.",
            reason="no_opml",
            remedy="Name the file that your feed reader exported.",
        ) from error
    return feeds_from_opml(data, str(path))


def _entry(feed: FeedSpec) -> CommentedMap:
    told = {
        "url": feed.url,
        "name": feed.name,
        "domain": feed.domain,
        "category": feed.category,
    }
    return CommentedMap((key, value) for key, value in told.items() if value)


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000  # no line of the user's is folded
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(data: Any) -> str:
    out = io.StringIO()
    _yaml().dump(data, out)
    return out.getvalue()


def _write(config: Path, text: str) -> None:
    """Replace the file, if what takes its place is right."""
    new = config.with_name(f".{config.name}.new")
    try:
        new.write_text(text, "utf-8")
        errors = [problem for problem in check(new) if problem.severity == "error"]
        if errors:
            raise ConfigError(
                f"{config} was left as it is; with these feeds it would be wrong: {errors[0]}.",
                reason="bad_config",
                remedy="Mend the subscriptions, or add them by hand.",
            )
        new.replace(config)
    except OSError as error:
        raise ConfigError(
            f"{config} cannot be written: {error.strerror or error}.",
            reason="config_not_written",
            remedy="Is the folder there, and may you write in it?",
        ) from error
    finally:
        new.unlink(missing_ok=True)


def _feeds(count: int) -> str:
    return "1 feed" if count == 1 else f"{count} feeds"
