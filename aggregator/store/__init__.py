"""Keeps everything, in SQLite or PostgreSQL. No query stands anywhere else."""

from aggregator.store.database import connect, migrate
from aggregator.store.store import Store
from aggregator.store.writing import Transaction

__all__ = ["Store", "Transaction", "connect", "migrate"]
