"""Text made clean: white space folded, what cannot be seen gone, letters composed (NFC)."""

import re
import unicodedata

_LONG = 2_000
_MOST_MARKS = 30  # on one letter: Unicode's "stream-safe" text (UAX 15, 13) has no more
_MARKS = re.compile(rf"[^\w\s\x00-\u02ff\u2000-\u206f\u3000-\u303f]{{{_MOST_MARKS + 1},}}")
# Controls, soft hyphens, zero-width and direction marks, private use, halves of characters.
# The joiners U+200C and U+200D stay: Persian, Hindi and emoji are spelled with them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\ue000-\uf8ff]"
)


def folded(text: str) -> str:
    """The text on one line, runs of white space as one space, invisible characters gone, NFC."""
    one_line = " ".join(text.split())
    if not one_line.isprintable():
        one_line = " ".join(visible(one_line).split())
    if one_line.isascii() or is_composed(one_line):
        return one_line
    return unicodedata.normalize("NFC", with_few_marks(one_line))


def visible(text: str) -> str:
    """The text without the characters that cannot be seen. White space stays."""
    return _INVISIBLE.sub("", text)


def with_few_marks(text: str) -> str:
    """The text with no more accents on one letter than composing it can bear."""
    return text if text.isascii() else _MARKS.sub(_bounded, text)


def is_composed(text: str) -> bool:
    """Whether the text is in NFC."""
    # Where many marks are on one letter the test itself takes the square of their number.
    if len(text) > _LONG and _MARKS.search(text):
        return False
    return unicodedata.is_normalized("NFC", text)


def encodable(text: str) -> str:
    """The text without halves of characters, which no encoding has (JSON can carry them)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _bounded(run: re.Match[str]) -> str:
    text = run[0]
    return text[:_MOST_MARKS] if any(map(unicodedata.combining, text)) else text
