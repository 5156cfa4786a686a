"""From blocks to the text of a story, and from copies to what a subscriber sees of it."""

import hashlib
from collections.abc import Mapping, Sequence

from aggregator.model import Block, BlockKind, Copy, Credit, Document, Face, Provenance, Where

_TEXT = {BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.LIST_ITEM, BlockKind.QUOTE}


def story_text(body: Sequence[Block], credits_found: Sequence[Credit]) -> str:
    """The text of a story, a line for each block, without the lines that credit somebody.

    A credit that is but a part of its paragraph, such as a dateline's "(AFP)", takes only its
    own words with it.
    """
    quotes: dict[int, list[str]] = {}
    for credit in credits_found:
        if credit.block is not None and credit.where in {Where.BODY, Where.BYLINE}:
            quotes.setdefault(credit.block, []).append(credit.quote)
    lines = []
    for number, block in enumerate(body):
        if block.kind not in _TEXT:
            continue
        text = block.text
        for quote in quotes.get(number, ()):
            text = text.replace(quote, " ")
        text = " ".join(text.split())
        # What is left of a credit line ("read the full story", a bracket) is no story.
        if text and (number not in quotes or len(text) * 2 > len(block.text)):
            lines.append(text)
    return "\n".join(lines)


def compose(copies: Sequence[Copy], told: Provenance, texts: Mapping[int, Document]) -> Face:
    """The face of a story: the lead copy's title and text, the origin's link.

    `texts` holds the matched text of each copy by its entry's number. The same copies give the
    same face in whatever order they came.
    """
    lead = choose_lead(copies, told)
    url = (told.origin.url if told.origin else "") or lead.url
    seen = (
        lead.title,
        " ".join(texts[lead.entry].text.split()) if lead.entry in texts else "",
        told.origin.name if told.origin else "",
        url,
    )
    digest = hashlib.blake2b("\x1f".join(seen).encode("utf-8", "replace"), digest_size=16)
    return Face(
        lead=lead.entry,
        title=lead.title,
        url=url,
        language=lead.language,
        provenance=told,
        digest=digest.hexdigest(),
    )


def choose_lead(copies: Sequence[Copy], told: Provenance) -> Copy:
    """The copy whose title and text are shown: the origin's own, else the fullest.

    Two copies that are about as full (within a tenth) count as equal; then the earlier one
    leads, so that a republisher's added line does not make it the better text.
    """
    if told.origin is not None:
        own = [copy for copy in copies if copy.url == told.origin.url]
        own = own or [c for c in copies if c.domain and c.domain == told.origin.domain]
        copies = own or copies
    fullest = max(copy.length for copy in copies)
    full = [copy for copy in copies if copy.length >= 0.9 * fullest]
    return min(full, key=lambda copy: (copy.first_seen, copy.url, copy.entry))
