"""Names of authors, apart from their addresses."""

import re

_ADDRESS = re.compile(r"[^\s()<>@]+@[^\s()<>@]+")
_ADDRESS_NAME = re.compile(r"\s*[^\s()<>@]+@[^\s()<>@]+\s*\(([^()]*)\)\s*")
_NAME_ADDRESS = re.compile(r"([^<>@]*)<[^\s()<>@]+@[^\s()<>@]+>\s*")


def without_address(author: str) -> str:
    """The name in "mail@host (Name)", which RSS 2.0 wants, or in "Name <mail@host>"."""
    match = _ADDRESS_NAME.fullmatch(author) or _NAME_ADDRESS.fullmatch(author)
    if match is not None:
        return match[1].strip()
    return "" if _ADDRESS.fullmatch(author.strip()) else author
