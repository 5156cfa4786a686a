"""Whom a text credits, who is who, and which outlet a story is attributed to. No I/O but its data.

Texts credit in prose ("This story originally appeared on ..."), in the agencies' own style
("MOSCOW (AP) —"), and in the markup of feeds and pages. `read_credits` reads all of them out of
one copy, each with its exact quote; `trace` makes one chain out of all copies of a story.
"""

from aggregator.credit.carrier import carrier_of, marks_of
from aggregator.credit.directory import Directory, load_directory
from aggregator.credit.domains import registrable_domain
from aggregator.credit.provenance import trace
from aggregator.credit.read import read_credits

__all__ = [
    "Directory",
    "carrier_of",
    "load_directory",
    "marks_of",
    "read_credits",
    "registrable_domain",
    "trace",
]
