"""config.yaml and the environment: read, checked, with errors that name the line."""

from aggregator.config.entries import FeedConfig, OpmlConfig, OutputConfig, WhereConfig
from aggregator.config.opml import feeds_from_opml
from aggregator.config.problems import Problem
from aggregator.config.reading import check, load
from aggregator.config.settings import (
    NEEDS_RESTART,
    Config,
    DedupeConfig,
    HttpConfig,
    PollConfig,
    ServerConfig,
)
from aggregator.config.values import format_duration, parse_duration

__all__ = [
    "NEEDS_RESTART",
    "Config",
    "DedupeConfig",
    "FeedConfig",
    "HttpConfig",
    "OpmlConfig",
    "OutputConfig",
    "PollConfig",
    "Problem",
    "ServerConfig",
    "WhereConfig",
    "check",
    "feeds_from_opml",
    "format_duration",
    "load",
    "parse_duration",
]
