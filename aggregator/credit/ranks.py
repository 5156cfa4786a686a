"""How strong each kind of evidence is. For one hop the stronger kind decides."""

from enum import IntEnum


class Rank(IntEnum):
    """Kinds of evidence; a higher number outranks a lower one."""

    REPORTING = 0  # who broke the news; a feed that is not named
    PART = 1  # with inputs from, via, h/t, isBasedOn
    SOURCE_LINE = 5  # a bare last line "Source: X"
    WIRE = 10  # the dateline or last slug of a known agency, an agency's byline
    METADATA = 20  # JSON-LD of the article, dc:publisher, an agency as creator
    PROSE = 30  # prose without a link
    FEED = 40  # <source>, origLink, a foreign permalink as guid
    PAGE = 50  # a republication counter, syndication-source, a cross-site canonical with a path
    PROSE_LINK = 60  # prose with a link to another site


_CONFIDENCE = {
    Rank.REPORTING: 0.5,
    Rank.PART: 0.6,
    Rank.SOURCE_LINE: 0.75,
    Rank.WIRE: 0.9,
    Rank.METADATA: 0.85,
    Rank.PROSE: 0.93,
    Rank.FEED: 0.93,
    Rank.PAGE: 0.94,
    Rank.PROSE_LINK: 0.97,
}


def sure(rank: Rank, *, known: bool) -> float:
    """How sure a credit of this rank is; less where nobody but the text knows the outlet."""
    return round(_CONFIDENCE[rank] * (1.0 if known else 0.85), 2)
