"""What is true of the newsroom's stories, from what its outlets did to them."""

from dataclasses import dataclass

from aggregator.demo import Desk
from aggregator.demo.desk import Item

# What says whose text it is. A copy that is cut credits nobody.
_CREDITING = {"wire", "republished", "kept", "credited"}


@dataclass(frozen=True)
class Truth:
    """A story as an honest feed tells it."""

    outlet: str  # the key of who wrote it
    page: str  # the item (outlet/story) whose page is the original
    chain: tuple[str, ...]  # names, from the farthest carrier to who wrote it
    carriers: frozenset[str]  # items, pointers among them


def truths(desk: Desk, *, tick: int) -> dict[str, Truth]:
    """The truth of every story that is out at this tick."""
    found: dict[str, Truth] = {}
    for story in dict.fromkeys(item.story for item in desk.items.values()):
        items = [i for i in desk.items.values() if i.story == story and i.tick <= tick]
        if items:
            chain = max((_chain(desk, item) for item in items), key=len)
            found[story] = Truth(
                outlet=chain[-1],
                page=f"{chain[-1]}/{story}",
                chain=tuple(desk.outlets[key].name for key in chain),
                carriers=frozenset(item.key for item in items),
            )
    return found


def _chain(desk: Desk, item: Item) -> list[str]:
    """The outlets from a carrier down to where its credits lead."""
    if item.how == "pointer":
        return _chain(desk, desk.items[f"{item.source}/{item.story}"])
    if item.how in _CREDITING:
        return [item.outlet, *_chain(desk, desk.items[f"{item.source}/{item.story}"])]
    return [item.outlet]
