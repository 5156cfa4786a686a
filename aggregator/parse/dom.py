"""Small helps for the trees of selectolax."""

from collections.abc import Iterable

from selectolax.lexbor import LexborNode


def remove(nodes: Iterable[LexborNode]) -> None:
    """Remove the nodes with all that is in them.

    A node inside of one that was removed is gone with it, and must not be touched any more.
    """
    doomed = {node.mem_id: node for node in nodes}
    outermost = [node for node in doomed.values() if not _is_inside(node, doomed.keys())]
    for node in outermost:
        node.decompose()


def _is_inside(node: LexborNode, ids: Iterable[int]) -> bool:
    above = node.parent
    while above is not None:
        if above.mem_id in ids:
            return True
        above = above.parent
    return False
