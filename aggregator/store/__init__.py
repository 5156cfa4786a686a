"""Keeps everything, in SQLite or PostgreSQL. No query stands anywhere else."""

from aggregator.store.database import connect, migrate
from aggregator.store.selecting import ARCHIVE, NIL
from aggregator.store.store import Store
from aggregator.store.turns import TurnAnswer, TurnEnd, TurnWish
from aggregator.store.writing import Transaction

__all__ = [
    "ARCHIVE",
    "NIL",
    "Store",
    "Transaction",
    "TurnAnswer",
    "TurnEnd",
    "TurnWish",
    "connect",
    "migrate",
]
