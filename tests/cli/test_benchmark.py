from __future__ import annotations

import pytest

from tests.cli.runner import Runner

SMALL = ("benchmark", "nms", "--anchors", "400", "--repeats", "2", "--device", "cpu")


def test_json_has_a_row_for_each_way_and_scene(run: Runner) -> None:
    ran = run(*SMALL, "--classes", "1,3", "--above", "5,100", "--json")
    assert ran.code == 0, ran.err
    report = ran.json()
    assert (report["device"], report["anchors"], report["repeats"]) == ("cpu", 400, 2)
    rows = report["rows"]
    scenes = [(classes, above) for classes in (1, 3) for above in (5, 100)]
    assert [(row["classes"], row["above"], row["name"]) for row in rows] == [
        (*scene, name) for scene in scenes for name in ("torchvision", "standard", "fast", "cross-class", "cluster-spm")
    ]
    for row in rows:
        assert row["milliseconds"] > 0 and row["ratio"] > 0
        assert 0 <= row["kept"] <= 1
        if row["name"] == "torchvision":
            assert row["ratio"] == 1
        if row["name"] in ("torchvision", "standard"):
            assert (row["kept"], row["extra"]) == (1, 0)


def test_people_get_a_table(run: Runner) -> None:
    ran = run(*SMALL, "--classes", "2", "--above", "50")
    assert ran.code == 0
    assert ran.out == ""
    for word in ("torchvision", "standard", "fast", "cross-class", "kept", "extra", "400 anchors"):
        assert word in ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("benchmark", "model"), "There is no benchmark 'model'."),
        ((*SMALL, "--classes", "two"), "--classes takes whole numbers"),
        ((*SMALL, "--above", "0,5"), "--above takes whole numbers"),
        (("benchmark", "nms", "--device", "abacus"), "There is no device 'abacus' here."),
    ],
)
def test_a_wrong_call_is_told(run: Runner, words: tuple[str, ...], message: str) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert message in ran.err
    assert ran.out == ""
