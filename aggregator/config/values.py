"""The kinds of values that a configuration is made of: durations, sizes, URLs, networks.

Each is an annotated type for pydantic. What it refuses, it refuses with a sentence that says
what is wanted; the error is put together with place and finding by `problems`.
"""

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BeforeValidator,
    ByteSize,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    SecretStr,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import core_schema
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_PART = r"(\d+(?:\.\d+)?)(ms|[wdhms])"
_DURATION = re.compile(rf"(?:{_PART})+", re.ASCII)
_LONGEST = timedelta(days=36_500)
_HTTP_URL: TypeAdapter[AnyHttpUrl] = TypeAdapter(AnyHttpUrl)
_DOMAIN = re.compile(r"(?!-)[\w-]{1,63}(?:\.[\w-]{1,63})+")
_WANTED_DURATION = "a duration is a number and a unit: 90s, 5m, 24h, 7d (also ms, w, and 1h30m)"
_WANTED_URL = "a URL begins with http:// or https://, names a host, and has no spaces"


def parse_duration(text: str) -> timedelta:
    """Read `90s`, `5m`, `24h`, `7d`, `1h30m`, `250ms` or `2w`; at most a hundred years.

    Raises ValueError for all else, among it numbers without a unit.
    """
    folded = text.strip().lower().replace(" ", "")
    if not _DURATION.fullmatch(folded):
        raise ValueError(_WANTED_DURATION)
    try:
        total = sum(
            (float(number) * _UNITS[unit] for number, unit in re.findall(_PART, folded)),
            start=timedelta(),
        )
    except OverflowError:
        total = timedelta.max
    if total > _LONGEST:
        raise ValueError("a duration is at most a hundred years")
    return total


def format_duration(duration: timedelta) -> str:
    """Write a duration of whole milliseconds as `parse_duration` reads it: `1h30m`, `0s`."""
    rest = duration
    text = ""
    for unit, length in _UNITS.items():
        if unit == "w":
            continue  # people say 7d and 90d
        count, rest = divmod(rest, length)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def as_duration(value: Any) -> timedelta:
    """A duration, read where it is text. Raises ValueError for anything else."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError(_WANTED_DURATION)


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta():
        raise ValueError("a duration here is longer than nothing")
    return value


def _http_url(value: str) -> str:
    url = value.strip()
    if same_url(url) is None:
        raise ValueError(_WANTED_URL)
    return url


def _site_url(value: str) -> str:
    url = _http_url(value)
    if "?" in url or "#" in url:
        raise ValueError("this is the address of the site alone, like https://news.example.org")
    return url.rstrip("/")


def same_url(url: str) -> str | None:
    """What two spellings of one http(s) URL have in common; None for other text.

    Case of scheme and host, default ports, an empty path and fragments make no difference
    (RFC 3986, 6.2.2 and 6.2.3; RFC 9110, 4.2.3).
    """
    if len(url.split()) != 1:
        return None  # the library would encode a space that was never meant
    try:
        return str(_HTTP_URL.validate_python(url.strip())).partition("#")[0]
    except ValidationError:
        return None


def _domain(value: str) -> str:
    domain = value.strip().rstrip(".").lower()
    if not _DOMAIN.fullmatch(domain):
        raise ValueError("a domain is a host's name alone, like ndtv.com")
    return domain


def _network(value: Any) -> IPv4Network | IPv6Network:
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    if not isinstance(value, str):
        raise ValueError("a network is an address and a prefix length, like 10.1.0.0/16")  # noqa: TRY004
    try:
        return ip_network(value.strip())
    except ValueError:
        try:
            near = ip_network(value.strip(), strict=False)
        except ValueError:
            raise ValueError(
                "a network is an address and a prefix length, like 10.1.0.0/16"
            ) from None
        raise ValueError(f"the network that this address is in is written {near}") from None


def _database(value: SecretStr) -> SecretStr:
    wanted = "a database is sqlite:///path/to/file.db or postgresql://user:password@host/name"
    try:
        url = make_url(value.get_secret_value())
    except ArgumentError as error:
        raise ValueError(wanted) from error
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ValueError(wanted)
    return value


def _not_a_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a whole number is wanted")  # noqa: TRY004 - pydantic's protocol
    return value


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _header_text(value: str) -> str:
    text = value.strip()
    if not text or not text.isascii() or not text.isprintable():
        raise ValueError("a header is one line of plain ASCII (RFC 9110, 5.5)")
    return text


def _some_text(value: str) -> str:
    text = " ".join(value.split())
    if not text:
        raise ValueError("text is wanted, or leave the key out")
    return text


def _some_secret(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip():
        raise ValueError("a token of some length, or leave the key out")
    return value


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """What a value is called where settings are described, and its JSON Schema.

    No schema is stricter than the reader: an editor that marks a value is always right.
    """

    name: str
    schema: Mapping[str, Any]

    def __get_pydantic_json_schema__(
        self, _core: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return copy.deepcopy(dict(self.schema))


def _text_schema(**more: Any) -> dict[str, Any]:
    return {"type": "string"} | more


def _one_or_many_schema(**more: Any) -> dict[str, Any]:
    one = _text_schema(**more)
    return {"anyOf": [one, {"type": "array", "items": one}]}


def _whole_schema(least: int, most: int | None = None) -> dict[str, Any]:
    number = {"type": "number", "minimum": least} | ({} if most is None else {"maximum": most})
    return {"anyOf": [number, _text_schema(pattern=r"^\s*[+-]?[\d_]+(\.0*)?\s*$")]}


_DURATION_SCHEMA = _text_schema(pattern=r"^\s*\d[\d.\smsdhwMSDHW]*[smdhwSMDHW]\s*$")
_SIZE_SCHEMA = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0},
        _text_schema(pattern=r"^\s*\d*\.?\d+\s*[A-Za-z]*\s*$"),
    ]
}
_YES_OR_NO = (
    "^([01tfynTFYN]|[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]"
    "|[yY][eE][sS]|[nN][oO]|[oO][nN]|[oO][fF]{2})$"
)
_CHOICE_SCHEMA = {
    "anyOf": [
        {"type": "boolean"},
        {"enum": [0, 1]},
        _text_schema(pattern=_YES_OR_NO),
    ]
}
_URL_SCHEMA = _text_schema(pattern=r"^\s*[hH][tT][tT][pP][sS]?:")
_FILLED = {"pattern": r"\S"}

Pause = Annotated[
    timedelta,
    BeforeValidator(as_duration),
    PlainSerializer(format_duration),
    Kind("duration", _DURATION_SCHEMA),
]
Duration = Annotated[Pause, AfterValidator(_positive), Kind("duration", _DURATION_SCHEMA)]
Size = Annotated[
    ByteSize, BeforeValidator(_not_a_bool), Field(gt=0), Kind("size in bytes", _SIZE_SCHEMA)
]
Count = Annotated[
    int,
    BeforeValidator(_not_a_bool),
    Field(ge=1, le=10_000),
    Kind("whole number, 1 to 10000", _whole_schema(1, 10_000)),
]
Least = Annotated[
    int, BeforeValidator(_not_a_bool), Field(ge=0), Kind("whole number", _whole_schema(0))
]
Port = Annotated[
    int,
    BeforeValidator(_not_a_bool),
    Field(ge=0, le=65_535),
    Kind("port number", _whole_schema(0, 65_535)),
]
Choice = Annotated[bool, Kind("true or false", _CHOICE_SCHEMA)]
Name = Annotated[
    str,
    Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$"),
    Kind("name: a-z, 0-9, - and _", _text_schema(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")),
]
HttpUrl = Annotated[str, AfterValidator(_http_url), Kind("http or https URL", _URL_SCHEMA)]
SiteUrl = Annotated[str, AfterValidator(_site_url), Kind("http or https URL", _URL_SCHEMA)]
Domain = Annotated[str, AfterValidator(_domain), Kind("domain", _text_schema(pattern=r"\."))]
Domains = Annotated[
    tuple[Domain, ...],
    BeforeValidator(_one_or_many),
    Kind("domain, or a list", _one_or_many_schema(pattern=r"\.")),
]
Network = Annotated[
    IPv4Network | IPv6Network,
    PlainValidator(_network),
    Kind("network", _text_schema(pattern=r"^\s*[0-9a-fA-F.:]+(/[0-9.]+)?\s*$")),
]
DatabaseUrl = Annotated[
    SecretStr,
    AfterValidator(_database),
    Kind("database URL", _text_schema(pattern=r"^(sqlite|postgresql)(\+\w+)?:")),
]
Secret = Annotated[SecretStr, AfterValidator(_some_secret), Kind("text", _text_schema(**_FILLED))]
Text = Annotated[str, AfterValidator(_some_text), Kind("text", _text_schema(**_FILLED))]
Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(_one_or_many),
    Kind("text, or a list", _one_or_many_schema(**_FILLED)),
]
HeaderText = Annotated[
    str, AfterValidator(_header_text), Kind("one line of ASCII", _text_schema(**_FILLED))
]
