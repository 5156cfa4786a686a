"""A loopback newsroom of invented outlets, and the daemon on it: `aggregator demo`."""

from aggregator.demo.badfeeds import BAD_FEEDS
from aggregator.demo.desk import Desk, load_desk
from aggregator.demo.newsroom import Hit, Newsroom
from aggregator.demo.show import run_demo

__all__ = ["BAD_FEEDS", "Desk", "Hit", "Newsroom", "load_desk", "run_demo"]
