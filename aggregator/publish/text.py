"""Texts, addresses, languages and times in a form that every reader of feeds shows right.

What comes in was written by strangers. What goes out can stand in XML 1.0, is one language of
escapes only, and means the same to a reader that takes a title for plain text and to one that
takes it for HTML.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache, lru_cache
from importlib.resources import files
from urllib.parse import quote, urlsplit

# What XML 1.0 cannot hold (section 2.2), what Unicode gives no meaning, and U+FFFD: the trace of
# bytes that somebody has lost already.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane + 0xFFFE) + chr(plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000))
    + "]"
)
_C1 = re.compile("[\x80-\x9f]")
_TWICE_ENCODED = re.compile("[\u00c2-\u00f4][\u0080-\u00bf]")
_BETWEEN_MARKUP = re.compile("([<>&\r\n]+)")
# Embeddings, overrides and isolates turn round what follows them, beyond the end of a title.
_UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff\u00ad]")
_TAG = re.compile(r"<([^\s<>=\d][^<>]*)>")
_OPENS_TAG = re.compile(r"<(?=[^\s=\d]|\S{0,100}@)")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def legible(text: str) -> str:
    """The text without what XML cannot hold; what was decoded wrongly on its way is put right.

    Two mistakes are so common that the right reading is sure: UTF-8 that was read as Latin-1
    ("CafÃ©"), and Windows-1252 that was read as Latin-1 (controls where quotation marks were).
    Works on plain text and on HTML alike: it never makes a character that is markup.
    """
    if text.isascii():
        return _FORBIDDEN.sub("", text)
    before = ""
    while text != before:  # what goes can bring together what belongs together
        before, text = text, _more_legible(text)
    return text


def inert(text: str) -> str:
    """One line of plain text that nobody takes for markup, nor for the end of the line.

    A title that speaks of `<br>` or `&lt;` is shown with look-alikes of "<", ">" and "&": half of
    all readers take titles for HTML, the others don't, and no way of escaping serves both.
    """
    before = ""
    while text != before:
        before, text = text, " ".join(_UNSEEN.sub("", legible(text)).split())
    if "@" in text:
        text = without_secrets(text)
    if "<" in text:
        text = _OPENS_TAG.sub("‹", _TAG.sub(r"‹\1›", text))
    return _ENTITY.sub("＆", text) if "&" in text else text


def shortened(text: str, longest: int) -> str:
    """The text cut at a word's end, with an ellipsis, where it has more characters than that."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    words, space, _ = cut.rpartition(" ")
    return (words if space and len(words) > longest // 2 else cut).rstrip(" ,;:–—-") + "…"


def _more_legible(text: str) -> str:
    text = _FORBIDDEN.sub("", text).replace("\ufffd", "?")
    if _TWICE_ENCODED.search(text):
        text = "".join(_decoded(part) for part in _BETWEEN_MARKUP.split(text))
    return _C1.sub(lambda match: match[0].encode("latin-1").decode("cp1252", "ignore"), text)


def _decoded(part: str) -> str:
    while _TWICE_ENCODED.search(part):
        try:
            part = part.encode("latin-1").decode("utf-8")
        except UnicodeError:
            break
    return part


# ---------------------------------------------------------------------------------- addresses

_KEPT = ";/?:@&=+$,-_.!~*'()%"
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"(?=.*[a-z0-9])[a-z0-9._-]{1,253}")
_HALVES = re.compile("[\ud800-\udfff]")  # of characters
_ENTITY_IN_URL = re.compile(r"&(#?\w+);")
_LONGEST_URL = 4000
_USERINFO = re.compile(r"(https?://)[^\s/?#]*@", re.IGNORECASE)


def uri(url: str) -> str:
    """The address as a URI (RFC 3986): http or https, absolute, ASCII. "" where it is none.

    What only an IRI may hold is encoded (RFC 3987, 3.1), hosts by IDNA. Names and passwords
    before an "@" are left out: they are secrets, or there to deceive.
    """
    return _uri(url) if len(url) < _LONGEST_URL else ""


@lru_cache(2048)
def _uri(url: str) -> str:
    # Some readers take what looks like an entity for one, here too.
    url = _ENTITY_IN_URL.sub(r"&\1%3B", _HALVES.sub("", url).strip().replace("&amp;", "&"))
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:  # a UnicodeError is one, too
        return ""
    scheme = parts.scheme.lower()
    if scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        return ""
    where = host if port is None else f"{host}:{port}"
    path = parts.path if parts.path.startswith("/") or not (parts.query or parts.fragment) else "/"
    query = f"?{_encoded(parts.query)}" if parts.query else ""
    fragment = f"#{_encoded(parts.fragment)}" if parts.fragment else ""
    return f"{scheme}://{where}{_encoded(path)}{query}{fragment}"


def without_secrets(text: str) -> str:
    """The text, whose addresses come without the names and passwords that may stand in them."""
    return _USERINFO.sub(r"\1", text)


def site_of(domain: str) -> str:
    """The address of a domain's front page, or ""."""
    return uri(f"https://{domain}/") if domain else ""


def _encoded(part: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", part), safe=_KEPT)


# ---------------------------------------------------------------------------------- languages

_TAG_OF_LANGUAGE = re.compile(r"[a-z]{2}(-[a-z0-9]{2,8}){0,3}", re.IGNORECASE)


def language_tag(tag: str) -> str:
    """The language tag (RFC 5646) as it is usually written, or "" for one that nobody knows."""
    tag = tag.strip().replace("_", "-")
    if not _TAG_OF_LANGUAGE.fullmatch(tag):
        return ""
    primary, *rest = tag.split("-")
    if primary.lower() not in _languages()["known"]:
        return ""
    return "-".join([primary.lower(), *(_subtag(part) for part in rest)])


def direction(tag: str) -> str:
    """How the language is written: "rtl" or "ltr"."""
    return "rtl" if tag.partition("-")[0].lower() in _languages()["right_to_left"] else "ltr"


@cache
def _languages() -> Mapping[str, frozenset[str]]:
    text = (files("aggregator.publish") / "data" / "languages.toml").read_text("utf-8")
    return {name: frozenset(codes.split()) for name, codes in tomllib.loads(text).items()}


def _subtag(part: str) -> str:
    if len(part) == 2:
        return part.upper()  # a region
    return part.title() if len(part) == 4 and part.isalpha() else part.lower()  # a script


# -------------------------------------------------------------------------------------- times


def rfc822(moment: datetime) -> str:
    """The time as RSS writes it (RFC 822 with four digits of a year), in GMT."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def rfc3339(moment: datetime) -> str:
    """The time as Atom and JSON write it (RFC 3339), in UTC, whole seconds."""
    return f"{moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()}Z"
