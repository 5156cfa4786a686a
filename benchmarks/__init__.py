"""Measurements that anybody can repeat, each a ratio against a named peer.

`python -m benchmarks` (or `make bench`) runs them and writes `docs/benchmarks.md`.
"""
