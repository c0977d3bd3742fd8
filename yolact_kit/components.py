"""What is joined by groups that overlap: the connected components of a graph."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def connected_components(items: Iterable[T], groups: Iterable[Iterable[T]]) -> list[list[T]]:
    """Divides items so that those of a group, or of groups with an item in common, are together.

    Args:
        items: The items.
        groups: Groups of at least one item, such as pairs; their items need not be among ``items``.

    Returns:
        The components in the order of their first items, and the items of each in their order; items that only groups
        name come last.

    Example:
        >>> connected_components("abcde", [("a", "c"), ("e", "c")])
        [['a', 'c', 'e'], ['b'], ['d']]
    """
    # A union-find: each item points to another one of its component, and the item that points to itself stands for the
    # whole. Pointing to the grandparent on the way keeps the ways short.
    parent = {item: item for item in items}

    def root(item: T) -> T:
        parent.setdefault(item, item)
        while parent[item] != item:
            parent[item] = item = parent[parent[item]]
        return item

    for group in groups:
        first, *others = map(root, group)
        for other in others:
            parent[root(other)] = root(first)
    components: dict[T, list[T]] = {}
    for item in list(parent):
        components.setdefault(root(item), []).append(item)
    return list(components.values())
