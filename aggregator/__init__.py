"""aggregator: one merged feed, each story once, linked to its original, with honest credit."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("aggregator")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"

PROJECT_URL = ""  # where publishers can read what this is; stands in the User-Agent once it is set
