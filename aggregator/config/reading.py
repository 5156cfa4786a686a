"""Reading a configuration: the file, what the environment overrides, and all that is wrong."""

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aggregator.config.entries import FeedConfig, OpmlConfig
from aggregator.config.environment import read_environment
from aggregator.config.opml import read_opml
from aggregator.config.problems import Origins, Place, Problem, key_of, shown
from aggregator.config.settings import Config
from aggregator.config.values import format_duration, same_url
from aggregator.config.wording import in_words
from aggregator.config.yaml_file import UnreadableError, YamlFile
from aggregator.errors import ConfigError
from aggregator.model import FeedSpec

# What each entry of a list is told apart by.
_NAMED = (("feeds", "url", same_url), ("outputs", "name", str), ("outlets", "name", str.casefold))


def load(path: Path | str | None, environ: Mapping[str, str] = os.environ) -> Config:
    """The settings of the file at `path` (None: defaults alone), overridden by `environ`.

    Raises ConfigError that tells the first problem and counts the rest.
    """
    config, problems = _read(path, environ)
    errors = [problem for problem in problems if problem.severity == "error"]
    if config is not None and not errors:
        return config
    rest = len(errors) - 1
    raise ConfigError(
        f"{errors[0]}.",
        reason="bad_config",
        remedy=f"And {rest} more: `aggregator check` lists them all." if rest else "",
    )


def check(path: Path | str | None, environ: Mapping[str, str] = os.environ) -> list[Problem]:
    """All that is wrong, in order of lines, then all that is doubtful; empty for a good file."""
    _, problems = _read(path, environ)
    return problems


def _read(
    path: Path | str | None, environ: Mapping[str, str]
) -> tuple[Config | None, list[Problem]]:
    data: dict[str, Any] = {}
    lines: dict[Place, int] = {}
    problems: list[Problem] = []
    if path is not None:
        try:
            file = YamlFile(Path(path))
        except UnreadableError as error:
            return None, [error.problem]
        data, lines, problems = file.data, file.lines, file.problems
    overrides, variables, found = read_environment(environ)
    problems += found
    merged = _merge(data, overrides)
    written = {place: line for place, line in lines.items() if not _covered(place, variables)}
    origins = Origins("" if path is None else str(path), written, variables)
    problems += _duplicates(merged, origins)
    try:
        config = Config.model_validate(merged)
    except ValidationError as error:
        problems += [in_words(details, origins) for details in error.errors()]
        return None, _in_order(problems)
    folder = Path(path).parent if path is not None else Path()
    opml_feeds, found = _opml_files(config, folder, origins)
    problems = _in_order([*problems, *found, *_doubts(config, origins)])
    warnings = tuple(problem for problem in problems if problem.severity == "warning")
    # A file's relative paths start at the file, those of the environment where one stands.
    base = None if path is None or ("database",) in variables else folder
    opml = (f.opml for f in config.feeds if isinstance(f, OpmlConfig) and not f.is_url)
    files = () if path is None else (Path(path), *(folder / name for name in opml))
    return config.loaded(base, opml_feeds, warnings, files), problems


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda p: (p.severity, p.variable, p.line or 0))


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = _merge(below or {}, value) if both else value
    return merged


def _covered(place: Place, variables: Mapping[Place, str]) -> bool:
    return any(place[:length] in variables for length in range(1, len(place) + 1))


def _duplicates(data: Mapping[str, Any], origins: Origins) -> Iterator[Problem]:
    """Feeds, outputs and outlets that are listed twice, whatever else is wrong with them."""
    for section, key, fold in _NAMED:
        first: dict[str, Place] = {}
        entries = data.get(section)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            value = entry.get(key) if isinstance(entry, dict) else None
            folded = fold(value) if isinstance(value, str) else None
            if folded is None:
                continue
            path: Place = (section, index, key)
            before = first.setdefault(folded, path)
            if before != path:
                line = origins.lines.get(before)
                there = key_of(before) + (f" in line {line}" if line else "")
                wanted = f"{there} is the same already: remove one of the two"
                yield origins.problem(path, shown(value), wanted)


def _opml_files(
    config: Config, folder: Path, origins: Origins
) -> tuple[tuple[FeedSpec, ...], list[Problem]]:
    feeds: list[FeedSpec] = []
    problems: list[Problem] = []
    listed = {same_url(source.url) for source in config.feeds if isinstance(source, FeedConfig)}
    for index, source in enumerate(config.feeds):
        if not isinstance(source, OpmlConfig) or source.is_url:
            continue
        path: Place = ("feeds", index, "opml")
        file = folder / source.opml
        try:
            found, skipped = read_opml(file.read_bytes(), str(file))
        except OSError as error:
            wanted = f"{file} cannot be read: {error.strerror or error}"
            problems.append(origins.problem(path, shown(source.opml), wanted))
            continue
        except ConfigError as error:
            problems.append(origins.problem(path, shown(source.opml), str(error).rstrip(".")))
            continue
        if skipped:
            text = f"{len(skipped)} outlines that are no feeds at an http or https address"
            wanted = f"they are skipped; the first is {shown(skipped[0])}"
            problems.append(origins.problem(path, text, wanted, "warning"))
        twice = sum(same_url(feed.url) in listed for feed in found)
        if twice:
            text = f"{twice} feeds that are listed elsewhere too"
            problems.append(origins.problem(path, text, "each is taken once", "warning"))
        listed.update(same_url(feed.url) for feed in found)
        feeds += found
    return tuple(feeds), problems


def _doubts(config: Config, origins: Origins) -> Iterator[Problem]:
    """What is allowed, and probably not meant."""
    if not config.feeds:
        wanted = "list some under `feeds:`, or nothing is polled"
        yield origins.problem(("feeds",), "no feeds", wanted, "warning")
    for key in ("interval", "min_interval", "max_interval"):
        value: timedelta = getattr(config.poll, key)
        if value < timedelta(minutes=1) and origins.written(("poll", key)):
            wanted = "most publishers take more than a request a minute for abuse; 5m is polite"
            yield origins.problem(("poll", key), format_duration(value), wanted, "warning")
    if config.websub.hubs and not config.server.base_url:
        wanted = "hubs fetch the feeds they are told of: set server.base_url, or none is told"
        found = "hubs, without an address of the site"
        yield origins.problem(("websub", "hubs"), found, wanted, "warning")
    if config.retention < config.dedupe.window:
        found = f"{format_duration(config.retention)}, less than dedupe.window"
        wanted = "stories are kept for the window at least, since copies are looked for among them"
        yield origins.problem(("retention",), found, wanted, "warning")
