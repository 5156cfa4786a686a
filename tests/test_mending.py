"""`aggregator doctor --mend`: what is wrong with rows is put right, and what was is kept."""

import subprocess
import sys

import pytest

from aggregator.config import Config
from aggregator.correct import correct_now, mend
from aggregator.model import StoryQuery
from tests.match.texts import FERRY, MILL, SCHOOL
from tests.pipeline.filing_desk import FilingDesk

DAMAGE = {
    "copies of no story": ["DELETE FROM copy WHERE story_id = 2"],
    "a story that was joined, and its copies stayed": [
        "UPDATE story SET merged_into = 1 WHERE id = 3"
    ],
    "a chain": [
        "UPDATE story SET merged_into = 2 WHERE id = 3",
        "UPDATE story SET merged_into = 1 WHERE id = 2",
    ],
    "a circle": [
        "UPDATE story SET merged_into = 3 WHERE id = 2",
        "UPDATE story SET merged_into = 2 WHERE id = 3",
    ],
    "another's lead": ["UPDATE story SET lead_entry_id = 1 WHERE id = 2"],
    "no text": ["DELETE FROM body WHERE entry_id = 2"],
    "all of it": [
        "DELETE FROM body WHERE entry_id = 1",
        "DELETE FROM copy WHERE entry_id = 2",
        "UPDATE story SET merged_into = 2 WHERE id = 3",
        "UPDATE story SET lead_entry_id = 3 WHERE id = 1",
    ],
}


@pytest.fixture
def desk(database_url):
    desk = FilingDesk(database_url)
    for outlet, text in (("A", FERRY), ("B", MILL), ("C", SCHOOL), ("D", FERRY)):
        desk.poll(outlet, text.text)
    yield desk
    desk.store.close()


def damage(desk: FilingDesk, statements: list[str]) -> None:
    with desk.store._writes() as session:
        for statement in statements:
            session.connection().exec_driver_sql(statement)


@pytest.mark.parametrize("statements", DAMAGE.values(), ids=list(DAMAGE))
def test_what_is_wrong_is_put_right_and_no_entry_is_lost(desk, database_url, statements):
    damage(desk, statements)
    assert desk.store.broken()
    assert correct_now(Config(database=database_url), mend)
    assert desk.store.broken() == []
    assert correct_now(Config(database=database_url), mend) == []
    copies = {copy.url for story in desk.stories() for copy in story.copies}
    assert copies == {desk.address(outlet) for outlet in "ABCD"}
    for story in desk.stories():
        assert story.title in {copy.title for copy in story.copies}
    found = desk.store.stories(StoryQuery(outlets=("Paper B",)))
    assert {copy.outlet for story in found for copy in story.copies} >= {"Paper B"}


def test_a_text_that_was_lost_comes_back_with_the_next_poll(desk, database_url):
    damage(desk, ["DELETE FROM body WHERE entry_id = 2"])
    correct_now(Config(database=database_url), mend)
    story = desk.poll("B", MILL.text)
    assert desk.store.stories(StoryQuery(words="mill"))[0].id == story


def test_a_sound_database_is_left_as_it_is(desk, database_url):
    before = desk.stories()
    assert correct_now(Config(database=database_url), mend) == []
    assert desk.stories() == before


def test_doctor_mends_and_leaves_a_way_back(tmp_path):
    url = f"sqlite:///{tmp_path / 'a.db'}"
    desk = FilingDesk(url, "A")
    desk.poll("A", FERRY.text)
    damage(desk, ["DELETE FROM copy"])
    desk.store.close()
    (tmp_path / "config.yaml").write_text(f"feeds: []\ndatabase: {url}\n")
    command = [sys.executable, "-m", "aggregator.cli", "doctor", "--mend"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 entries have a story of their own, as they had none." in done.stderr
    assert "database" not in done.stdout
    assert len(list(tmp_path.glob("aggregator.before-mend-*.db"))) == 1
