"""One pass of the PyPI library `reader`: fetch, parse and store, which is all that it does.

Prints one JSON object like `aggregator poll --json`. Adding the feeds is not part of `seconds`,
nor is opening the database; its search index, which is optional, stays off.
"""

import argparse
import json
import time
from collections import Counter
from pathlib import Path

from reader import FeedExistsError, make_reader


def poll(database: Path, urls: list[str], workers: int) -> dict[str, float]:
    """Poll each feed once, on `workers` threads."""
    with make_reader(str(database), search_enabled=False) as reader:
        for url in urls:
            try:
                reader.add_feed(url)
            except FeedExistsError:
                break  # it knows them all from the pass before
        count = Counter(dict.fromkeys(("fetched", "not_modified", "failed", "entries_new"), 0))
        start = time.perf_counter()
        # scheduled=False: all of them, as `aggregator poll --all` does
        for result in reader.update_feeds_iter(scheduled=False, workers=workers):
            if isinstance(result.value, Exception):
                count["failed"] += 1
            elif result.value is None:
                count["not_modified"] += 1
            else:
                count["fetched"] += 1
                count["entries_new"] += result.value.new
        seconds = time.perf_counter() - start
    return {"feeds": count["fetched"] + count["not_modified"] + count["failed"], **count} | {
        "seconds": round(seconds, 3)
    }


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("database", type=Path)
    parser.add_argument("urls", type=Path, help="a file with an address a line")
    parser.add_argument("--workers", type=int, required=True)
    options = parser.parse_args()
    urls = options.urls.read_text("utf-8").split()
    print(json.dumps(poll(options.database, urls, options.workers)))


if __name__ == "__main__":
    _main()
