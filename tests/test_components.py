"""Connected components, against a slow search."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yolact_kit.components import connected_components


def reachable(start: int, groups: list[list[int]]) -> set[int]:
    """Everything that is in a group with ``start``, or with what is, and so on."""
    component, size = {start}, 0
    while len(component) > size:
        size = len(component)
        for group in groups:
            if component & set(group):
                component |= set(group)
    return component


@given(st.integers(0, 12), st.lists(st.lists(st.integers(0, 15), min_size=1, max_size=4), max_size=8))
def test_items_are_together_if_a_chain_of_groups_joins_them(count: int, groups: list[list[int]]) -> None:
    components = connected_components(range(count), groups)
    items = [*range(count), *(item for group in groups for item in group)]
    assert sorted(item for component in components for item in component) == sorted(set(items))
    for component in components:
        assert set(component) == reachable(component[0], groups)


def test_they_come_in_the_order_of_the_items() -> None:
    assert connected_components([5, 3, 4, 1], [(1, 5), (7, 3)]) == [[5, 1], [3, 7], [4]]
    assert connected_components([], []) == []
