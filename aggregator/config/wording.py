"""Pydantic's errors in this project's words: what was found, and what is wanted instead."""

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from aggregator.config.entries import FeedConfig
from aggregator.config.problems import Origins, Place, Problem, key_of, shown
from aggregator.config.settings import Config

_KINDS = frozenset({"feed", "opml"})  # pydantic puts the kind of a source into its path
_SECRET = frozenset({"database", "server.admin_token"})
_LIST = "here stands a list: [a, b], or lines that begin with a dash"
_WANTED: Mapping[str, str] = MappingProxyType(
    {
        "tuple_type": _LIST,
        "list_type": _LIST,
        "enum": "it is one of {expected}",
        "string_pattern_mismatch": (
            "a name has small letters a-z, digits, - and _, and begins with a letter or digit"
        ),
        "string_type": "text is wanted; put quotes around what looks like a number or a date",
        "byte_size": "a size is a number of bytes, or a number and a unit: 500kB, 10MB, 8MiB",
        "byte_size_unit": "a size is a number of bytes, or one with a unit: 500kB, 10MB, 8MiB",
        "int_type": "a whole number is wanted",
        "int_parsing": "a whole number is wanted",
        "int_from_float": "a whole number is wanted",
        "greater_than": "more than {gt} is wanted",
        "greater_than_equal": "at least {ge} is wanted",
        "less_than_equal": "at most {le} is wanted",
        "value_error": "{error}",
    }
)


def in_words(details: ErrorDetails, origins: Origins) -> Problem:
    """One error of pydantic as a problem, placed where the value was written."""
    path = _without_kind(details["loc"])
    name = str(path[-1]) if path else ""
    if details["type"] == "extra_forbidden":
        return origins.problem(path, f'an unknown key "{name}"', _did_you_mean(path))
    if details["type"] == "missing":
        wanted = f'the key "{name}" is missing'
        if path[0] == "feeds":
            wanted += ": an entry of feeds is `url: https://…` and more, or `opml: …`"
        return origins.problem(path[:-1], shown(details["input"]), wanted)
    hidden = key_of(path) in _SECRET
    found = "a value that is not shown here" if hidden else shown(details["input"])
    return origins.problem(path, found, _wanted(details, path))


def _without_kind(loc: Place) -> Place:
    if len(loc) > 2 and loc[0] == "feeds" and loc[2] in _KINDS:
        return (*loc[:2], *loc[3:])
    return loc


def _wanted(details: ErrorDetails, path: Place) -> str:
    if details["type"] in {"model_type", "model_attributes_type", "dict_type"}:
        return f"here stands a section of keys: {', '.join(_keys_at(path))}"
    wanted = _WANTED.get(details["type"])
    return wanted.format_map(details.get("ctx", {})) if wanted else details["msg"]


def _did_you_mean(path: Place) -> str:
    keys = _keys_at(path[:-1])
    near = difflib.get_close_matches(str(path[-1]).lower(), keys, n=1)
    known = f"the keys here are {', '.join(keys)}"
    return f'did you mean "{near[0]}"? ({known})' if near else known


def _keys_at(path: Place) -> list[str]:
    section: type[BaseModel] = Config
    for part in path:
        if part == "feeds":
            return [*FeedConfig.model_fields, "opml"]
        if isinstance(part, str):
            section = _section(section.model_fields[part].annotation)
    return list(section.model_fields)


def _section(annotation: Any) -> type[BaseModel]:
    """The model in an annotation: itself, or what a tuple holds."""
    for inner in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return inner
    raise TypeError(f"{annotation} is no section of the configuration")
