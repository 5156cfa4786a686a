"""What spam and broken feeds may cost: bounded work, bounded memory, and no story of nothing."""

import json
import subprocess
import sys

import pytest

from aggregator.cluster import cluster_lines
from aggregator.match import CAP, DEFAULT, MEMBERS, MemoryIndex, decide, fingerprint, verdict
from aggregator.match.words import LIMIT, read
from aggregator.model import Document
from aggregator.store import Store
from aggregator.store.index import hour_of
from tests.match.texts import FERRY, MILL, NOW, SCHOOL, STORIES, Reader

# Of each candidate a few members are compared, each maybe twice: as it is, and without what is
# not its own.
MOST_ALIGNMENTS = DEFAULT.candidates * DEFAULT.members * 2


@pytest.fixture
def alignments(monkeypatch):
    """How many alignments each decision took."""
    counted: list[int] = []
    real = verdict.align

    def align(a, b):
        counted[-1] += 1
        return real(a, b)

    monkeypatch.setattr(verdict, "align", align)
    return counted


def html(text: str) -> str:
    return "".join(f"<p>{line}</p>" for line in text.split("\n"))


def line(id_: int | str, text: str, outlet: str = "A") -> str:
    record = {"id": id_, "outlet": outlet, "url": f"https://{outlet}.example/{id_}", "title": id_}
    return json.dumps(record | {"title": f"Title {id_}", "html": text, "published": 1_780_000_000})


def stories(*lines: str) -> list[int | None]:
    return [json.loads(answer)["story"] for answer in cluster_lines(lines)]


@pytest.mark.parametrize("titled", ["one title", "a title each"])
def test_the_same_body_ten_thousand_times_takes_no_more_work_for_the_last(alignments, titled):
    reader = Reader()
    for number in range(10_000):
        alignments.append(0)
        title = MILL.title if titled == "one title" else f"Offer number {number}"
        reader.read(MILL.text, title, f"Spam {number % 3}")
    assert max(alignments) <= MOST_ALIGNMENTS
    assert max(alignments[-100:]) <= max(alignments[:100])
    held = reader.index.postings(fingerprint(Document("", "", MILL.text, NOW)))
    assert max(map(len, held.values())) <= CAP
    assert all(len(reader.index.members(story)) <= MEMBERS for story in range(1, 10_001))


def test_a_thousand_bodies_of_one_form_take_no_more_work_for_the_last(alignments):
    reader = Reader()
    for number in range(1_000):
        alignments.append(0)
        reader.read(SCHOOL.text.replace("20,000", str(number)), f"Prize {number}", "Spam")
    assert max(alignments) <= MOST_ALIGNMENTS


def test_a_spam_feed_takes_no_more_postings_in_the_database_than_its_text(database_url):
    store, hashes = Store(database_url), fingerprint(Document("", "", MILL.text, NOW))
    for start in range(0, 1000, 100):
        with store.writing(NOW) as transaction:
            for _ in range(start, start + 100):
                transaction.index.add(1, Document("Spam", "T", MILL.text, NOW), hashes)
    with store.writing(NOW) as transaction:
        held = transaction.index.postings(hashes)
        assert {hash_: list(stories) for hash_, stories in held.items()} == {
            hash_: [1] for hash_ in hashes
        }
        assert transaction.index.expire(NOW) == 0
        assert hour_of(NOW) > 0
    store.close()


def test_a_body_of_five_megabytes_is_read_to_a_limit():
    text = " ".join(f"word{number}" for number in range(500_000))
    assert len(text) > 5_000_000
    known = read(text)
    assert len(known.ids) == LIMIT
    assert len(known.hashes) <= 512
    assert stories(line(1, html(text)), line(2, html(text), "B"), line(3, html(FERRY.text))) == [
        *(1, 1, 2)
    ]


@pytest.mark.parametrize(
    "body",
    ["", " ", "<p></p>" * 1000, "<p>Sorry</p>", "x" * 5_000_000, "<p>" + "的" * 1_000_000 + "</p>"],
    ids=["nothing", "a blank", "empty paragraphs", "one word", "one letter", "one sign"],
)
def test_no_story_is_made_of_nothing(body):
    assert stories(*(line(n, body, outlet) for n, outlet in enumerate("ABC"))) == [1, 2, 3]


def test_broken_utf_8_costs_its_own_words_and_no_more():
    good = line("a", html(FERRY.text)).encode()
    broken = line("b", html(FERRY.text + " BROKEN"), "B").encode()
    broken = broken.replace(b"BROKEN", b"\xff\xfe\xc3\x28 \xed\xa0\x80")
    done = subprocess.run(
        [sys.executable, "-m", "aggregator.cli", "cluster", "--jsonl"],
        input=b"\n".join([good, broken, b"\xff\xff", good.replace(b'"a"', b'"c"')]),
        capture_output=True,
        check=False,
        timeout=100,
    )
    answers = [json.loads(answer) for answer in done.stdout.splitlines()]
    assert [answer["story"] for answer in answers] == [1, 1, None, 1], done.stderr
    assert "Line 3" in answers[2]["error"]


def test_scripts_may_be_mixed_in_every_word():
    # Letters of three alphabets that look alike, as spam has them.
    mixed = FERRY.text.translate(str.maketrans("aeo", "аеο"))
    index = MemoryIndex()
    for number, text in enumerate([mixed, *(story.text for story in STORIES[1:])], 1):
        document = Document("A", f"Title {number}", text, NOW)
        assert decide(document, index).story is None
        index.add(number, document, fingerprint(document))
    assert decide(Document("B", "Another", mixed, NOW), index).story == 1
