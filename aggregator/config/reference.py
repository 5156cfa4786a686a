"""All settings as a page for people and as a JSON Schema for editors, made from the code."""

from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from inspect import cleandoc
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ByteSize, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from ruamel.yaml import YAML
from ruamel.yaml.compat import StringIO

from aggregator.config.entries import OpmlConfig
from aggregator.config.settings import NEEDS_RESTART, Config
from aggregator.config.values import Kind, format_duration

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_HEAD = """\
# Settings

<!-- Made by `make reference` from aggregator/config/settings.py; changes here are lost. -->

All settings stand in one file, `config.yaml`. None has to: each has a default. The file is read
again when it changes, and on SIGHUP (`systemctl reload`, `docker kill --signal HUP`); a mistake in
it leaves the old settings running, and `/readyz`, the log and the metrics say so. Settings marked
**restart** are taken at the next start only.

`aggregator check` lists all mistakes with their lines. `aggregator check --schema` prints a
[JSON Schema](config.schema.json) for editors; with the YAML extension of VS Code and others, begin
the file with

```yaml
# yaml-language-server: $schema=config.schema.json
```

Values:

- A **duration** is a number and a unit: `250ms`, `90s`, `5m`, `24h`, `7d`, `2w`, or several:
  `1h30m`.
- A **size** is a number of bytes, or a number and a unit: `500kB`, `10MB`, `8MiB`.
- A **network** is an address and the length of its prefix: `10.1.0.0/16`, `fd00::/8`.
- A key without a value counts as left out.

Every setting can be given by an environment variable, which wins over the file: `AGGREGATOR_`, the
path in capitals, and two underscores for each dot: `AGGREGATOR_RETENTION=30d`,
`AGGREGATOR_SERVER__PORT=9090`. Lists and whole sections are JSON:
`AGGREGATOR_HTTP__ALLOW_NETWORKS='["10.1.0.0/16"]'`, `AGGREGATOR_FEEDS='[{"url": "https://…"}]'`.
`AGGREGATOR_CONFIG` names the file itself.

Proxies are taken from `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.
"""


def schema() -> dict[str, Any]:
    """A JSON Schema (2020-12) of the file. What it refuses, the reader refuses."""
    made = Config.model_json_schema(mode="validation")
    known = {model.__name__: model for model in models()}
    for title, told in (("Config", made), *made["$defs"].items()):
        for name, property_ in told.get("properties", {}).items():
            default = _written(known[title].model_fields[name].default)
            changed = {k: v for k, v in property_.items() if k != "default"}
            changed |= {} if default == "" else {"default": default}
            optional = name not in told.get("required", ())
            told["properties"][name] = _or_nothing(changed) if optional else changed
    return {"$schema": _DIALECT, **made, "title": "aggregator's config.yaml"}


def page() -> str:
    """The page of all settings, in Markdown."""
    lines = [line for each in _all_sections("", Config) for line in _section(*each)]
    return "\n".join([_HEAD, *lines])


def models() -> list[type[BaseModel]]:
    """All sections."""
    return [model for _, model in _all_sections("", Config)]


def _all_sections(path: str, model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Each model with the path that it stands at, outer ones first."""
    yield path, model
    for name, field in model.model_fields.items():
        here = f"{path}.{name}" if path else name
        suffix = "[]" if get_origin(field.annotation) is tuple else ""
        for below in _models(field.annotation):
            yield from _all_sections(here + suffix, below)


def _section(path: str, model: type[BaseModel]) -> Iterator[str]:
    if path:
        yield f"## `{path}`{' (OPML)' if model is OpmlConfig else ''}\n"
        yield f"{cleandoc(model.__doc__ or '')}\n"
    else:
        yield "## At the top\n"
    yield "| key | default | what it is | example | meaning |"
    yield "| --- | --- | --- | --- | --- |"
    for name, field in model.model_fields.items():
        if not list(_models(field.annotation)):
            yield _row(name, f"{path}.{name}" if path else name, field)
    yield ""


def _row(name: str, path: str, field: FieldInfo) -> str:
    default = "**required**" if field.is_required() else _code(str(_written(field.default)))
    examples = ", ".join(_code(_yaml(example)) for example in field.examples or ())
    about = (field.description or "").replace("|", "\\|")
    restart = " **restart**" if path in NEEDS_RESTART else ""
    return f"| `{name}` | {default} | {_kind(field)} | {examples} | {about}{restart} |"


def _kind(field: FieldInfo) -> str:
    for mark in reversed([*_marks(field.annotation), *field.metadata]):
        if isinstance(mark, Kind):
            listed = get_origin(field.annotation) is tuple and "list" not in mark.name
            return f"list: {mark.name}" if listed else mark.name
    for each in (field.annotation, *get_args(field.annotation)):
        if isinstance(each, type) and issubclass(each, Enum):
            return " · ".join(f"`{one.value}`" for one in each)
    if field.annotation is str:
        return "text"
    raise TypeError(f"Nobody said what {field} is called")


def _marks(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from annotation.__metadata__
    for each in get_args(annotation):
        yield from _marks(each)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in {tuple, Annotated, Union, UnionType}:
        for each in get_args(annotation):
            yield from _models(each)


def _written(value: Any) -> Any:
    """A default as one would write it; "" for none."""
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, ByteSize):
        return value.human_readable(decimal=True).replace(".0", "")
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Enum):
        return value.value
    nothing = value is PydanticUndefined or isinstance(value, BaseModel) or value in (None, ())
    return "" if nothing else value


def _yaml(value: Any) -> str:
    if isinstance(value, str):
        return value
    out = StringIO()
    yaml = YAML()
    yaml.default_flow_style = True
    yaml.dump(value, out)
    return str(out.getvalue()).replace("\n...", "").strip()


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _or_nothing(told: dict[str, Any]) -> dict[str, Any]:
    """The same, or a key without a value."""
    if any(one.get("type") == "null" for one in told.get("anyOf", ())):
        return told
    about = {key: told.pop(key) for key in ("description", "default", "examples") if key in told}
    told.pop("title", None)
    return about | {"anyOf": [told, {"type": "null"}]}
