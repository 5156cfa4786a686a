"""Settings from environment variables: AGGREGATOR_DATABASE, AGGREGATOR_SERVER__PORT, ..."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, SettingsError
from pydantic_settings.sources.utils import parse_env_vars

from aggregator.config.problems import Place, Problem
from aggregator.config.settings import Config

PREFIX = "AGGREGATOR_"
_NOT_SETTINGS = frozenset({"AGGREGATOR_CONFIG"})  # the command line's own: where the file is


class _Settings(Config, BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True
    )


class _Source(EnvSettingsSource):
    """pydantic's reading of the environment, of one that is handed in."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(_Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return parse_env_vars(self._environ, ignore_empty=True)


def read_environment(
    environ: Mapping[str, str],
) -> tuple[dict[str, Any], dict[Place, str], list[Problem]]:
    """What the variables set, which variable set what, and what is wrong with them.

    Sections nest by two underscores; lists, and whole sections, are JSON. A variable without a
    value counts as not set. One that only begins like ours is a warning, not an error:
    orchestrators set such names for a service that is called aggregator.
    """
    data: dict[str, Any] = {}
    variables: dict[Place, str] = {}
    problems: list[Problem] = []
    # Shorter names first, so that AGGREGATOR_POLL__INTERVAL refines AGGREGATOR_POLL.
    for name in sorted(environ, key=lambda name: (name.count("__"), name)):
        if not name.upper().startswith(PREFIX) or name.upper() in _NOT_SETTINGS:
            continue
        if not environ[name]:
            continue
        try:
            found = _Source({name: environ[name]})()
        except SettingsError:
            wanted = 'lists and sections are written as JSON here, like ["10.0.0.0/8"]'
            problems.append(Problem("text that is not JSON", wanted, variable=name))
            continue
        if not found:
            problems.append(_unknown(name))
        for place, value in _leaves(found):
            _put(data, place, value)
            variables[place] = name
    return data, variables, problems


def _leaves(data: Mapping[str, Any], place: Place = ()) -> Iterator[tuple[Place, Any]]:
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*place, key))
        else:
            yield (*place, key), value


def _put(data: dict[str, Any], place: Place, value: Any) -> None:
    section = data
    for key in place[:-1]:
        below = section.setdefault(str(key), {})
        if not isinstance(below, dict):
            return  # AGGREGATOR_POLL was no section, and is told of as such
        section = below
    section[str(place[-1])] = value


def _unknown(name: str) -> Problem:
    sections = [key.upper() for key in Config.model_fields]
    near = difflib.get_close_matches(name.upper().removeprefix(PREFIX), sections, n=1)
    hint = f"did you mean {PREFIX}{near[0]}? " if near else ""
    wanted = f"{hint}no setting has that name, so it changes nothing"
    return Problem("an unknown name", wanted, variable=name, severity="warning")
