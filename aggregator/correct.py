"""A person's corrections: `merge` and `split` of stories, and `mend` of what is broken.

What was merged or split wins over every later decision. All are jobs for the one writer's
transaction: `await writer.write(partial(merge, a=..., ...))` in the daemon,
`with store.writing(since) as transaction: merge(transaction, ...)` elsewhere, also while a daemon
runs on the same database.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeVar

from aggregator.config import Config
from aggregator.credit import Directory
from aggregator.errors import NotFoundError
from aggregator.filing import join, show, take_out
from aggregator.match import fingerprint
from aggregator.model import Copy, Decision
from aggregator.outlets import told_outlets
from aggregator.parse import comparable
from aggregator.reading import known_outlets
from aggregator.store import Store, Transaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a correction came to, in public ids."""

    kind: Literal["merge", "split"]
    story: str  # the story that keeps its id
    other: str  # merge: the id that leads to it from now on; split: the story that the copy is now
    changed: bool  # False where it was so already

    def __str__(self) -> str:
        if self.kind == "merge" and self.changed:
            return f"Story {self.other} leads to story {self.story} from now on."
        if self.kind == "merge":
            return f"Story {self.story} is one story already; nothing was changed."
        if self.changed:
            return f"The copy was taken out of story {self.story} and is story {self.other} now."
        return f"The copy was split already, and is in story {self.other}; nothing was changed."


def merge(
    transaction: Transaction, *, a: str, b: str, directory: Directory, now: datetime
) -> Corrected:
    """Make one story of two. The older id stays, and the other leads to it for good.

    `a` and `b` are ids, beginnings of ids or copies' addresses. What kept the two apart until now,
    such as an earlier split, counts no more. Raises NotFoundError.
    """
    (first, first_id), (second, second_id) = transaction.find(a), transaction.find(b)
    if first == second:
        return Corrected("merge", first_id, b if b != first_id else a, changed=False)
    if second < first:
        first, first_id, second, second_id = second, second_id, first, first_id
    transaction.rulings.lift(first, second)
    join(transaction, first, second)
    transaction.rulings.add("merge", first, second_id, now)
    show(transaction, [first], directory, now)
    return Corrected("merge", first_id, second_id, changed=True)


def split(
    transaction: Transaction, *, story: str, url: str, directory: Directory, now: datetime
) -> Corrected:
    """Take the copy at an address out of a story, into one of its own, and keep it out for good.

    `story` is an id, the beginning of one or a copy's address. Where several feeds list the
    address, all of them are taken out. Neither the copy nor the story that it is in by then is
    joined with this one again, unless a person says so with `merge`. Raises NotFoundError.
    """
    number, public_id = transaction.find(story)
    copies = transaction.copies([number])[number]
    page = comparable(url)
    chosen = [copy for copy in copies if copy.url == url or comparable(copy.url) == page]
    if not chosen:
        return _split_already(transaction, number, public_id, url)
    if len(chosen) == len(copies):
        raise NotFoundError(
            f"The copy at {url} is the only one of story {public_id}.",
            reason="only_copy",
            remedy="There is nothing to split it from.",
        )
    new = transaction.new_story(now)
    decision = Decision(None, reason=f"A person took it out of story {public_id}.")
    texts = transaction.documents([copy.entry for copy in chosen])
    take_out(transaction, number, new, {copy.entry: decision for copy in chosen}, texts.values())
    for text in texts.values():
        transaction.index.add(new, text, fingerprint(text))
    other = transaction.public_id(new)
    entries = transaction.links([copy.entry for copy in chosen])
    transaction.rulings.add("split", number, other, now, entries=entries)
    show(transaction, [number, new], directory, now)
    return Corrected("split", public_id, other, changed=True)


def mend(transaction: Transaction, *, directory: Directory, now: datetime) -> list[str]:
    """Put right what `Store.broken` tells of, as far as it can be.

    What was done, a sentence each.
    """
    mended = transaction.mend()
    stories = set(mended.stories)
    for entry, document in transaction.documents(mended.homeless).items():
        story = transaction.new_story(now)
        transaction.place(entry, story, Decision(None, reason="It had lost its story."))
        transaction.index.add(story, document, fingerprint(document))
        stories.add(story)
    show(transaction, stories, directory, now)
    return mended.done


def correct_now(config: Config, correct: Callable[..., T], **what: str) -> T:
    """Do it to the configured database, where a daemon may be at work.

    Raises NotFoundError, and StoreError when the database cannot be had.
    """
    store = Store(config.database_url)
    try:
        return correct_in(store, config, correct, **what)
    finally:
        store.close()


def correct_in(store: Store, config: Config, correct: Callable[..., T], **what: str) -> T:
    """Do it in a transaction of this store. Raises NotFoundError."""
    now, directory = datetime.now(UTC), known_outlets(*told_outlets(config, store.added()))
    with store.writing(now - config.dedupe.window) as transaction:
        return correct(transaction, directory=directory, now=now, **what)


def _split_already(transaction: Transaction, number: int, public_id: str, url: str) -> Corrected:
    """The answer where no copy stands at the address; maybe one was split before."""
    for apart in sorted(transaction.apart(number)):
        copies: list[Copy] = transaction.copies([apart]).get(apart, [])
        if any(comparable(copy.url) == comparable(url) for copy in copies):
            return Corrected("split", public_id, transaction.public_id(apart), changed=False)
    raise NotFoundError(
        f"Story {public_id} has no copy at {url}.",
        reason="no_copy",
        remedy=f"`aggregator explain {public_id}` lists its copies with their addresses.",
    )
