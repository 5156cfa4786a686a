"""The main job once more, with everything kept in PostgreSQL."""

from pathlib import Path

from running import RunningDaemon
from truth import truths

from aggregator.demo import Newsroom


def test_on_postgresql_the_same_stories_come_of_it_and_outlive_a_kill(
    room: Newsroom, postgres_database: str, tmp_path: Path
) -> None:
    with RunningDaemon(room, tmp_path, database=postgres_database) as daemon:
        daemon.settle()
        before = daemon.by_story()
        wanted = truths(room.desk, tick=0)
        assert sorted(before) == sorted(wanted)
        for name, truth in wanted.items():
            assert before[name].copies == {room.article(key).url for key in truth.carriers}
        chain = ("Global Ledger Group", "Sarnholm Courier", "Norvane News Agency")
        assert before["ferry-night"].chain == chain
        assert before["ferry-night"].url == room.page_url("norvane/ferry-night")

        daemon.kill()
        room.advance(to=room.desk.last_tick)
        daemon.start()
        daemon.settle()
        after = daemon.by_story()
        assert sorted(after) == sorted(truths(room.desk, tick=room.tick))
        assert {name: after[name].id for name in before} == {n: t.id for n, t in before.items()}
        assert daemon.stop(patience=10) == 0
