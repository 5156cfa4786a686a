"""Bytes to entries, article pages to text and marks, HTML to clean text. No I/O.

What is read here was written by others, some of it with bad intent: all functions take time and
memory in proportion to what they are given, within bounds, and run in worker processes.
"""

from aggregator.parse.blocks import blocks
from aggregator.parse.boilerplate import clean
from aggregator.parse.discovery import feeds_named
from aggregator.parse.feed import parse_feed
from aggregator.parse.identity import Identified, identify, told_apart
from aggregator.parse.layout import tidy
from aggregator.parse.page import parse_page
from aggregator.parse.teaser import is_teaser
from aggregator.parse.urls import comparable

__all__ = [
    "Identified",
    "blocks",
    "clean",
    "comparable",
    "feeds_named",
    "identify",
    "is_teaser",
    "parse_feed",
    "parse_page",
    "tidy",
    "told_apart",
]
