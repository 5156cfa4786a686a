"""aggregator: one merged feed, each story once, linked to its original, with honest credit."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("aggregator")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"

PROJECT_URL = "https://github.com/aggregator/aggregator"  # which publishers find in their logs
