"""Bytes to characters: by byte order mark, by what is declared, by what fits."""

import codecs
import re
from collections.abc import Iterable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = (
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
    (b"{\x00", "utf-16-le"),
    (b"\x00{", "utf-16-be"),
)
# Python knows many more, some of which are no character sets or are slow on purpose.
_KNOWN = re.compile(
    r"utf-?8|utf-?(?:16|32)(?:-?[lb]e)?|us-ascii|ascii|(?:iso-?)?(?:8859-\d{1,2}|latin-?\d{1,2})"
    r"|(?:windows-|cp-?|x-cp)\d{3,5}|koi8-[rut]|gb2312|gbk|gb18030|big5(?:-?hkscs)?|euc-(?:jp|kr)"
    r"|shift-?jis|s-?jis|iso-2022-(?:jp|kr)(?:-\d)?|mac-?roman|macintosh|tis-620|hz(?:-gb-2312)?"
)
# As browsers read them (WHATWG Encoding Standard, 4.2), since that is what publishers look at.
_READ_AS = {
    "us-ascii": "cp1252", "ascii": "cp1252", "iso-8859-1": "cp1252", "iso8859-1": "cp1252",
    "8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874", "tis-620": "cp874", "gb2312": "gb18030", "gbk": "gb18030",
    "shift-jis": "cp932", "shiftjis": "cp932", "sjis": "cp932", "s-jis": "cp932",
    "windows-31j": "cp932", "euc-kr": "cp949", "big5": "big5hkscs", "macintosh": "mac-roman",
    "utf8": "utf-8", "hz-gb-2312": "hz",
}  # fmt: skip
# All of their bytes are ASCII, so that they would pass as UTF-8.
_SEVEN_BIT = re.compile(r"iso-2022-.*|hz")
_FEW = 2_000  # odd bytes that are read one by one
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([^\s;\"']+)", re.IGNORECASE)


def charset_of(content_type: str) -> str:
    """The charset parameter of a Content-Type, or ""."""
    match = _CHARSET.search(content_type)
    return match[1] if match else ""


def decode(body: bytes, declared: Iterable[str]) -> tuple[str, str]:
    """The text of `body`, and what was odd about its encoding ("" where nothing was).

    `declared` are the names of encodings that were declared for it, the most binding first. Bytes
    that are UTF-8 are UTF-8, whatever is declared: nothing else looks like it by accident. Bytes
    that don't fit are replaced.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _replaced(body[len(mark) :], encoding)
    for beginning, encoding in _UNMARKED:
        if body.startswith(beginning):
            return _replaced(body, encoding)

    names = [name for name in map(_python_name, declared) if name]
    if b"\x1b" in body or b"~{" in body:
        for name in names:
            if _SEVEN_BIT.fullmatch(name):
                return _replaced(body, name)
    try:
        return body.decode(), ""
    except UnicodeDecodeError:
        pass
    for name in names:
        # What declares wide characters and has none of their marks was mistaken.
        if name == "utf-8" or name.startswith(("utf-16", "utf-32")):
            continue
        return _replaced(body, name)
    return _mostly_utf8(body)


def _python_name(declared: str) -> str:
    name = declared.strip().lower().replace("_", "-")
    return _READ_AS.get(name, name) if _KNOWN.fullmatch(name) else ""


def _replaced(body: bytes, encoding: str) -> tuple[str, str]:
    try:
        return body.decode(encoding), ""
    except UnicodeDecodeError as error:
        text = body.decode(encoding, "replace")
        return text, f"from byte {error.start:,} on, not all of it is {encoding}"
    except LookupError:
        return _mostly_utf8(body)


def _mostly_utf8(body: bytes) -> tuple[str, str]:
    """Text that is UTF-8 but for some bytes, which are Windows-1252 in most of such texts."""
    text = body.decode("utf-8", "replace")
    odd = text.count("\ufffd")
    characters = len(text) - len(body.decode("ascii", "ignore")) - odd
    if odd > _FEW or odd > characters:
        return body.decode("cp1252", "replace"), "it is not UTF-8, and was read as Windows-1252"
    note = f"{odd} places are not UTF-8, and were read as Windows-1252"
    return body.decode("utf-8", "aggregator.cp1252"), note


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("aggregator.cp1252", _as_cp1252)
