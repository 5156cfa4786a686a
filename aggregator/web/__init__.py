"""The edge that people, feed readers and programs see: pages, feeds, API, health, metrics."""

from aggregator.web.app import create_app
from aggregator.web.site import Check, Document, FeedWish, Site

__all__ = ["Check", "Document", "FeedWish", "Site", "create_app"]
