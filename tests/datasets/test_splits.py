"""Pictures are divided as asked, the same way each time."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolact_kit.annotations.dataset import Instance, Picture
from yolact_kit.datasets.splits import SplitOptions, split_pictures, split_sizes
from yolact_kit.errors import UserError


def pictures(*files: str, labels: dict[str, list[str]] | None = None) -> list[Picture]:
    return [
        Picture(file, 8, 8, Path(file), [Instance(label) for label in (labels or {}).get(file, [])]) for file in files
    ]


def numbered(count: int) -> list[Picture]:
    return pictures(*(f"{number:03d}.jpg" for number in range(count)))


def files(split: dict[str, list[Picture]]) -> dict[str, list[str]]:
    return {name: [picture.file for picture in found] for name, found in split.items()}


@pytest.mark.parametrize(
    ("count", "val", "test", "sizes"),
    [
        (18, 0.2, 0.0, (14, 4, 0)),
        (10, 0.25, 0.0, (7, 3, 0)),
        (10, 0.15, 0.0, (8, 2, 0)),
        (10, 0.05, 0.0, (9, 1, 0)),
        (40, 0.2, 0.2, (24, 8, 8)),
        (10, 0.0, 0.0, (10, 0, 0)),
        (100, 0.001, 0.001, (98, 1, 1)),
        (5, 0.1, 0.1, (3, 1, 1)),
        (2, 0.2, 0.2, (1, 1, 0)),
        (1, 0.2, 0.2, (1, 0, 0)),
        (0, 0.2, 0.0, (0, 0, 0)),
    ],
)
def test_shares_are_rounded_half_up_and_at_least_one(
    count: int, val: float, test: float, sizes: tuple[int, int, int]
) -> None:
    assert tuple(split_sizes(count, val, test).values()) == sizes


@pytest.mark.parametrize(("val", "test"), [(1.0, 0.0), (-0.1, 0.0), (0.6, 0.4), (0.0, 2.0), (float("nan"), 0.0)])
def test_shares_that_leave_nothing_to_train_on(val: float, test: float) -> None:
    with pytest.raises(UserError, match="nothing to train on"):
        split_sizes(10, val, test)


@given(st.integers(1, 40), st.floats(0, 0.5), st.floats(0, 0.49), st.integers(0, 3),
       st.sampled_from(["random", "stratified"]))  # fmt: skip
def test_every_picture_is_in_one_split(count: int, val: float, test: float, seed: int, method: str) -> None:
    options = SplitOptions(method=method, val=val, test=test, seed=seed)  # type: ignore[arg-type]
    divided = split_pictures(numbered(count), options)
    assert sorted(picture.file for found in divided.values() for picture in found) == [p.file for p in numbered(count)]
    assert {name: len(found) for name, found in divided.items()} == {
        name: size for name, size in split_sizes(count, val, test).items() if size
    }


def test_the_seed_and_nothing_else_decides() -> None:
    options = SplitOptions(val=0.3, seed=1)
    first = files(split_pictures(numbered(20), options))
    assert files(split_pictures(list(reversed(numbered(20))), options)) == {
        name: list(reversed(found)) for name, found in first.items()
    }
    assert files(split_pictures(numbered(20), SplitOptions(val=0.3, seed=2))) != first


def test_stratified_gives_each_split_its_share_of_each_class() -> None:
    labels = {
        f"{number:03d}.jpg": ["rare" if number % 5 == 0 else "common"] * (1 + number % 3) for number in range(100)
    }
    found = pictures(*labels, labels=labels)
    divided = split_pictures(found, SplitOptions(method="stratified", val=0.2, test=0.2))
    total = Counter(label for names in labels.values() for label in names)
    for name, share in (("train", 0.6), ("val", 0.2), ("test", 0.2)):
        inside = Counter(instance.label for picture in divided[name] for instance in picture.instances)
        for label in total:
            assert inside[label] == pytest.approx(share * total[label], abs=2.5), (name, label)


def test_stratified_trains_on_a_class_that_is_in_one_picture() -> None:
    labels = {f"{number}.jpg": ["once"] if number == 7 else ["common"] for number in range(10)}
    for seed in range(10):
        divided = split_pictures(
            pictures(*labels, labels=labels), SplitOptions(method="stratified", val=0.4, seed=seed)
        )
        assert "7.jpg" in files(divided)["train"]


@pytest.mark.parametrize("group_by", [None, r"^([^/]+)/", r"^\w+"])
def test_groups_stay_together(group_by: str | None) -> None:
    found = pictures(*(f"{camera}/{number}.jpg" for camera in ("a", "나", "c", "d", "e") for number in range(4)))
    divided = split_pictures(found, SplitOptions(method="group", val=0.2, test=0.2, group_by=group_by))
    groups = {name: {picture.file.split("/")[0] for picture in inside} for name, inside in divided.items()}
    assert {name: len(inside) for name, inside in groups.items()} == {"train": 3, "val": 1, "test": 1}
    assert len(set.union(*groups.values())) == 5


def test_one_group_and_bad_expressions() -> None:
    with pytest.raises(UserError, match="one group"):
        split_pictures(numbered(5), SplitOptions(method="group"))
    with pytest.raises(UserError, match="not a regular expression"):
        split_pictures(numbered(5), SplitOptions(method="group", group_by="("))
    with pytest.raises(UserError, match=r"matches nothing in the path of any picture, such as '"):
        split_pictures(numbered(5), SplitOptions(method="stratified", group_by="video"))


@given(st.integers(2, 30), st.integers(0, 30), st.integers(0, 5), st.sampled_from(["random", "stratified"]))
def test_nothing_moves_when_pictures_are_added(old: int, new: int, seed: int, method: str) -> None:
    before = files(split_pictures(numbered(old), SplitOptions(val=0.2, test=0.1, seed=0)))
    kept = {file: name for name, found in before.items() for file in found}
    options = SplitOptions(method=method, val=0.2, test=0.1, seed=seed)  # type: ignore[arg-type]
    after = files(split_pictures(numbered(old + new), options, kept))
    for name, found in before.items():
        assert set(found) <= set(after[name])
    sizes = split_sizes(old + new, 0.2, 0.1)
    if all(len(before.get(name, [])) <= sizes[name] for name in ("val", "test")) and new:
        assert len(after.get("val", [])) == sizes["val"]


def test_kept_groups_draw_new_pictures_of_theirs() -> None:
    found = pictures("a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg", "c/1.jpg")
    kept = {"a/1.jpg": "val", "b/1.jpg": "train"}
    divided = files(split_pictures(found, SplitOptions(method="group", val=0.4), kept))
    assert {"a/1.jpg", "a/2.jpg"} <= set(divided["val"])
    assert {"b/1.jpg", "b/2.jpg"} <= set(divided["train"])


@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=40),
    st.sampled_from(["random", "stratified", "group"]),
    st.integers(0, 3),
)
def test_what_is_alike_is_never_divided(view: list[int], method: Any, seed: int) -> None:
    found = numbered(len(view))
    for picture, number in zip(found, view, strict=True):
        picture.instances = [Instance(str(number % 3))]
    alike = [
        [picture.file for picture, shown in zip(found, view, strict=True) if shown == number] for number in set(view)
    ]
    options = SplitOptions(method=method, seed=seed, val=0.3, group_by=r"\d+")
    splits = files(split_pictures(found, options, alike=alike))
    assert sorted(file for inside in splits.values() for file in inside) == [picture.file for picture in found]
    for group in alike:
        assert len({name for name, inside in splits.items() if set(inside) & set(group)}) == 1


def test_a_copy_of_a_settled_picture_stays_with_it() -> None:
    splits = split_pictures(numbered(10), SplitOptions(val=0.1), {"003.jpg": "test"}, [["003.jpg", "007.jpg"]])
    assert files(splits)["test"] == ["003.jpg", "007.jpg"]


def test_groups_can_be_stratified() -> None:
    labels = {
        f"{video}/{frame}.jpg": ["rare" if video in "ab" else "common"] for video in "abcdefghij" for frame in range(4)
    }
    splits = files(
        split_pictures(pictures(*labels, labels=labels), SplitOptions(method="stratified", val=0.5, group_by="^."))
    )
    videos = {name: {file[0] for file in inside} for name, inside in splits.items()}
    assert not videos["train"] & videos["val"]
    assert len(videos["train"]) == len(videos["val"]) == 5
    assert len(videos["val"] & {"a", "b"}) == 1


def test_stratified_splits_have_their_share_of_every_class() -> None:
    draw = random.Random(0)
    kinds = {"common": 0.9, "some": 0.3, "few": 0.1}
    labels = {
        f"{number:03d}.jpg": [
            name for name, share in kinds.items() for _ in range(draw.randrange(1, 9)) if draw.random() < share
        ]
        for number in range(300)
    }
    found = split_pictures(pictures(*labels, labels=labels), SplitOptions(method="stratified", val=0.2, test=0.1))
    assert {name: len(inside) for name, inside in found.items()} == {"train": 210, "val": 60, "test": 30}
    counts = {
        name: Counter(entry.label for picture in inside for entry in picture.instances)
        for name, inside in found.items()
    }
    for kind in kinds:
        total = sum(counts[name][kind] for name in counts)
        assert abs(counts["val"][kind] / total - 0.2) < 0.02
        assert abs(counts["test"][kind] / total - 0.1) < 0.02
