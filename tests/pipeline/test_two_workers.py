"""Two workers on one database, in processes of their own, that get two copies at one moment."""

import multiprocessing
from multiprocessing.synchronize import Barrier

from aggregator.match import fingerprint
from aggregator.model import Document
from tests.match.texts import NOW, SCRIPTS, STORIES
from tests.pipeline.filing_desk import FilingDesk

TEXTS = [story.text for story in STORIES] + [written.story for written in SCRIPTS.values()]
TEXTS = [text for text in TEXTS if fingerprint(Document("", "", text, NOW))]
_PATIENCE = 60  # seconds, for the other to come to the same place


def work(url: str, outlet: str, together: Barrier) -> None:
    desk = FilingDesk(url)
    for number, text in enumerate(TEXTS):
        together.wait(_PATIENCE)
        desk.poll(outlet, text, name=str(number))
    desk.store.close()


def test_two_workers_make_one_story_of_two_copies_that_come_at_the_same_moment(database_url):
    desk = FilingDesk(database_url)  # makes the tables and lists the feeds
    spawn = multiprocessing.get_context("spawn")
    together = spawn.Barrier(2)
    workers = [spawn.Process(target=work, args=(database_url, o, together)) for o in "AB"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    numbers = range(len(TEXTS))
    assert desk.together() == {
        frozenset({desk.address("A", str(n)), desk.address("B", str(n))}) for n in numbers
    }
    desk.store.close()
