"""CVAT's own XML files, for images and for videos, good and bad."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest

from tests.annotations.making import HEIGHT, TRIANGLE, WIDTH, picture
from tests.annotations.readers.areas import Mask, box_area, ellipse_area, masks, overlap, triangle_area
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.cvat import read_cvat
from yolact_kit.annotations.source import RawPicture

POINTS = ";".join(f"{x:.2f},{y:.2f}" for x, y in TRIANGLE)
META = """<meta><task><id>3</id><name>parts</name><labels><label><name>nut</name><attributes></attributes></label>
</labels><original_size><width>60</width><height>40</height></original_size></task><dumped>today</dumped></meta>"""


def tag(kind: str, inner: str = "", /, **attributes: Any) -> str:
    """An element as CVAT writes it; attributes that are None are left out."""
    pairs = {"label": "nut", "source": "manual", "occluded": "0", **attributes, "z_order": "0"}
    text = " ".join(f"{key}={quoteattr(str(value))}" for key, value in pairs.items() if value is not None)
    return f"<{kind} {text}>{inner}</{kind}>"


def image(*shapes: str, name: str = "a.png", **attributes: Any) -> str:
    """An image with its shapes."""
    more = " ".join(f"{key}={quoteattr(str(value))}" for key, value in attributes.items())
    return f'<image id="0" name={quoteattr(name)} width="{WIDTH}" height="{HEIGHT}" {more}>{"".join(shapes)}</image>'


def track(*shapes: str, **attributes: Any) -> str:
    """A track of a video."""
    pairs = {"id": 0, "label": "nut", "source": "manual", **attributes}
    text = " ".join(f"{key}={quoteattr(str(value))}" for key, value in pairs.items())
    return f"<track {text}>{''.join(shapes)}</track>"


def in_frame(number: Any, outside: int = 0, kind: str = "polygon", **attributes: Any) -> str:
    """A shape of a track."""
    points = {"points": POINTS} if kind == "polygon" else {}
    return tag(kind, label=None, frame=number, keyframe=1, outside=outside, **{**points, **attributes})


def cvat(folder: Path, *elements: str, encoding: str = "utf-8", meta: str = META, head: str = "") -> Path:
    """Writes a file of CVAT."""
    text = f'<?xml version="1.0" encoding="utf-8"?>\n{head}<annotations>\n<version>1.1</version>\n{meta}\n'
    file = folder / "annotations.xml"
    file.write_bytes((text + "\n".join(elements) + "\n</annotations>\n").encode(encoding))
    return file


def pictures_of(file: Path, **options: Any) -> tuple[list[tuple[RawPicture, Problems]], list[str]]:
    """The pictures of a file, and the codes of the problems of the file as a whole."""
    problems = Problems(file.name)
    pictures = read_cvat(file, ReadOptions(**options), problems)
    return pictures, [problem.code for problem in problems.found]


def masks_of(folder: Path, *shapes: str, **options: Any) -> tuple[list[Mask], list[str]]:
    """The masks of the shapes of one image, and the codes of their problems."""
    pictures, general = pictures_of(cvat(folder, image(*shapes)), **options)
    assert not general
    ((raw, problems),) = pictures
    areas = masks(raw.objects, problems, ReadOptions(**options))
    return areas, [problem.code for problem in problems.found]


def counts_of(mask: Mask) -> str:
    """Run lengths along the rows, background first, counted pixel by pixel."""
    counts, current = [0], False
    for value in mask.reshape(-1).tolist():
        if value != current:
            counts.append(0)
            current = value
        counts[-1] += 1
    return ", ".join(map(str, counts))


@pytest.mark.parametrize(
    ("shape", "options", "expected"),
    [
        (tag("polygon", points=POINTS), {}, triangle_area(TRIANGLE)),
        (tag("ellipse", cx="30.00", cy="20.00", rx="20.00", ry="8.00"), {}, ellipse_area(30, 20, 20, 8)),
        (tag("ellipse", cx=30, cy=20, rx=19, ry=6, rotation="30.00"), {}, ellipse_area(30, 20, 19, 6, 30)),
        (tag("ellipse", cx=30, cy=20, rx=19, ry=6, rotation="330.00"), {}, ellipse_area(30, 20, 19, 6, -30)),
        (tag("box", xtl=5, ytl=6, xbr=30, ybr=20), {"box_as_mask": True}, box_area(5, 6, 30, 20)),
        (
            tag("box", xtl=15, ytl=15, xbr=45, ybr=25, rotation="25.00"),
            {"box_as_mask": True},
            box_area(15, 15, 45, 25, 25),
        ),
        (tag("polyline", points="5,20;55,20"), {"line_width": 6.0}, box_area(2, 17, 58, 23)),
        (tag("points", points="20,20;40,20"), {"line_width": 16.0},
         ellipse_area(20, 20, 8, 8) | ellipse_area(40, 20, 8, 8)),
    ],
)  # fmt: skip
def test_each_shape_covers_its_pixels(tmp_path: Path, shape: str, options: dict[str, Any], expected: Mask) -> None:
    areas, codes = masks_of(tmp_path, shape, **options)
    assert codes == []
    assert len(areas) == 1
    # Outlines cut through pixels: those may be counted or not. A shape turned the wrong way overlaps by half at most.
    assert overlap(areas[0], expected) > 0.94


def test_a_shape_turned_the_other_way_would_be_noticed() -> None:
    assert overlap(ellipse_area(30, 20, 19, 6, 30), ellipse_area(30, 20, 19, 6, -30)) < 0.6
    assert overlap(box_area(15, 15, 45, 25, 25), box_area(15, 15, 45, 25, -25)) < 0.7


@pytest.mark.parametrize("seed", range(4))
def test_a_brush_mask_is_exact(tmp_path: Path, seed: int) -> None:
    """Run lengths go along the rows; along the columns this mask would be another one."""
    small = np.random.default_rng(seed).random((9, 14)) < 0.5
    expected = np.zeros((HEIGHT, WIDTH), dtype=bool)
    expected[21:30, 3:17] = small
    areas, codes = masks_of(tmp_path, tag("mask", rle=counts_of(small), left=3, top=21, width=14, height=9))
    assert codes == []
    assert (areas[0] == expected).all()


def test_a_brush_mask_that_begins_with_the_object(tmp_path: Path) -> None:
    areas, _ = masks_of(tmp_path, tag("mask", rle="0, 3, 1", left=10, top=5, width=2, height=2))
    assert np.argwhere(areas[0]).tolist() == [[5, 10], [5, 11], [6, 10]]


def test_a_brush_mask_is_cut_off_at_the_border(tmp_path: Path) -> None:
    areas, codes = masks_of(tmp_path, tag("mask", rle="0,12", left=WIDTH - 2, top=-1, width=4, height=3))
    assert codes == ["clipped"]
    assert np.argwhere(areas[0]).tolist() == [[0, 58], [0, 59], [1, 58], [1, 59]]


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        (tag("polygon", points=None), "shape-malformed"),
        (tag("polygon", points=""), "points-too-few"),
        (tag("polygon", points="1,1;20,20"), "points-too-few"),
        (tag("polygon", points="1,1;20,20;1"), "coordinates-odd"),
        (tag("polygon", points="1,1;20,20;1,2,3"), "coordinates-odd"),
        (tag("polygon", points="1,1;20,20;1,x"), "shape-malformed"),
        (tag("polygon", points="1,1;20,20;1,nan"), "coordinates-not-finite"),
        (tag("polygon", points="1,1;20,20;1,1e300"), "coordinates-not-finite"),
        (tag("polygon", points="1,1;10,10;20,20"), "area-zero"),
        (tag("polygon", points="100,1;120,1;110,9"), "outside"),
        (tag("ellipse", cx=30, cy=20, rx=20), "shape-malformed"),
        (tag("ellipse", cx=30, cy=20, rx=20, ry=0), "area-zero"),
        (tag("ellipse", cx=30, cy=20, rx=20, ry=-4), "area-zero"),
        (tag("ellipse", cx=30, cy=20, rx=20, ry="inf"), "coordinates-not-finite"),
        (tag("ellipse", cx=30, cy=20, rx=20, ry=4, rotation="left"), "shape-malformed"),
        (tag("box", xtl=5, ytl=6, xbr=30), "shape-malformed"),
        (tag("box", xtl=5, ytl=6, xbr=5, ybr=9), "area-zero"),
        (tag("box", xtl=5, ytl="NaN", xbr=7, ybr=9), "coordinates-not-finite"),
        (tag("mask", rle="1, 2, 2", left=0, top=0, width=2, height=2), "rle-malformed"),
        (tag("mask", rle="1, 2", left=0, top=0, width=2, height=2), "rle-malformed"),
        (tag("mask", rle="5, -1", left=0, top=0, width=2, height=2), "rle-malformed"),
        (tag("mask", rle="1, two, 1", left=0, top=0, width=2, height=2), "rle-malformed"),
        (tag("mask", rle="", left=0, top=0, width=2, height=2), "rle-malformed"),
        (tag("mask", left=0, top=0, width=2, height=2), "rle-malformed"),
        (tag("mask", rle="1,2,1", top=0, width=2, height=2), "rle-malformed"),
        (tag("mask", rle="1,2,1", left=0, top=0, width=2.5, height=2), "rle-malformed"),
        (tag("mask", rle="0", left=0, top=0, width=0, height=0), "rle-malformed"),
        (tag("mask", rle="0,999999999999", left=0, top=0, width=999999, height=1000001), "rle-malformed"),
        (tag("mask", rle="4", left=0, top=0, width=2, height=2), "area-zero"),
        (tag("mask", rle="0,4", left=10**30, top=0, width=2, height=2), "outside"),
        (tag("polyline", points="5,20;55,20"), "shape-type-skipped"),
        (tag("points", points="5,20"), "shape-type-skipped"),
        (tag("cuboid", xtl1=1, ytl1=1), "shape-type-skipped"),
        (tag("tag"), "shape-type-skipped"),
        (tag("skeleton", tag("points", points="5,20", outside=0)), "shape-type-skipped"),
        (tag("hexagon", points=POINTS), "shape-type-skipped"),
        (tag("polygon", points=POINTS, label=None), "label-empty"),
        (tag("polygon", points=POINTS, label=" "), "label-empty"),
    ],
)
def test_malformed_shapes_are_named(tmp_path: Path, shape: str, code: str) -> None:
    areas, codes = masks_of(tmp_path, shape)
    assert (areas, codes) == ([], [code])


def test_a_line_without_points_is_skipped_whatever_the_pen(tmp_path: Path) -> None:
    lines = tag("polyline", points=""), tag("points", points="")
    assert masks_of(tmp_path, *lines, line_width=3.0) == ([], ["shape-type-skipped"] * 2)


def test_problems_name_picture_and_shape(tmp_path: Path) -> None:
    shapes = tag("polygon", points=POINTS), tag("polygon", points="1,1", label="너트")
    ((raw, problems),), _ = pictures_of(cvat(tmp_path, image(*shapes, name="가.png")))
    masks(raw.objects, problems)
    assert [problem.object for problem in problems.found] == ["가.png: polygon 2 (너트)"]


def test_shapes_of_one_group_and_label_are_one_object(tmp_path: Path) -> None:
    left, right = "1,1;10,1;1,10", "40,1;50,1;40,10"
    shapes = [
        tag("polygon", points=left, group_id=2),
        tag("polygon", points=right, group_id=2),
        tag("ellipse", cx=30, cy=30, rx=5, ry=5, group_id=2, label="bolt"),
        tag("polygon", points="1,20;10,20;1,30", group_id=0),
        tag("polygon", points="40,20;50,20;40,30", group_id=0),
    ]
    ((raw, problems),), _ = pictures_of(cvat(tmp_path, image(*shapes)))
    assert [(item.label, len(item.parts)) for item in raw.objects] == [("nut", 2), ("bolt", 1), ("nut", 1), ("nut", 1)]
    assert [problem.code for problem in problems.found] == ["group-labels-differ"]
    assert "'bolt', 'nut'" in problems.found[0].message
    whole = masks(raw.objects, problems)[0]
    assert whole[2, 2]
    assert whole[2, 41]


def test_a_box_in_a_group_is_no_part_of_its_mask(tmp_path: Path) -> None:
    shapes = tag("polygon", points=POINTS, group_id=1), tag("box", xtl=1, ytl=1, xbr=50, ybr=30, group_id=1)
    ((raw, _),), _ = pictures_of(cvat(tmp_path, image(*shapes)))
    assert [len(item.parts) for item in raw.objects] == [1, 0]


def test_a_box_keeps_its_extent_whether_turned_or_not(tmp_path: Path) -> None:
    boxes = tag("box", xtl=5, ytl=6, xbr=30, ybr=20), tag("box", xtl=20, ytl=10, xbr=40, ybr=30, rotation=45)
    ((raw, _),), _ = pictures_of(cvat(tmp_path, image(*boxes)))
    assert raw.objects[0].box == (5, 6, 30, 20)
    assert raw.objects[1].box == pytest.approx((30 - 200**0.5, 20 - 200**0.5, 30 + 200**0.5, 20 + 200**0.5))
    assert not any(item.parts for item in raw.objects)


def test_attributes_and_states_are_kept(tmp_path: Path) -> None:
    inner = '<attribute name="색">빨강</attribute><attribute name="worn">true</attribute>'
    ((raw, _),), _ = pictures_of(cvat(tmp_path, image(tag("polygon", inner, points=POINTS, occluded=1))))
    assert raw.objects[0].extra == {"flags": {"occluded": True}, "attributes": {"색": "빨강", "worn": "true"}}


def test_what_an_image_says_of_itself(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "Train" / "in" / "a.png")
    images = [
        image(name="in/a.png", subset="Train"),
        image(name="b.png", subset="Validation"),
        image(name="c.png", subset="default"),
        image(name="d.png"),
    ]
    pictures, _ = pictures_of(cvat(tmp_path, *images))
    raws = [raw for raw, _ in pictures]
    assert [raw.reference for raw in raws] == ["images/Train/in/a.png", "b.png", "c.png", "d.png"]
    assert [raw.split for raw in raws] == ["train", "val", "", ""]
    assert [raw.stem for raw in raws] == ["a", "b", "c", "d"]
    assert {raw.size for raw in raws} == {(WIDTH, HEIGHT)}


def test_a_frame_of_a_video_that_is_listed_as_an_image_has_no_suffix(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "frame_000000.PNG")
    ((raw, _),), _ = pictures_of(cvat(tmp_path, image(name="frame_000000")))
    assert raw.reference == "images/frame_000000.PNG"


@pytest.mark.parametrize("sides", ['width="0" height="40"', 'height="40"', 'width="sixty" height="inf"'])
def test_an_image_of_no_size_is_of_any(tmp_path: Path, sides: str) -> None:
    ((raw, _),), _ = pictures_of(cvat(tmp_path, f'<image id="0" name="a.png" {sides}></image>'))
    assert raw.size is None


def test_an_image_without_a_name_is_an_error_and_the_others_are_read(tmp_path: Path) -> None:
    pictures, codes = pictures_of(cvat(tmp_path, '<image id="0"></image>', image(name="b.png")))
    assert [raw.reference for raw, _ in pictures] == ["b.png"]
    assert codes == ["file-malformed"]


def test_a_track_is_an_object_in_each_of_its_frames_but_those_it_is_not_in(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "frame_000000.PNG")
    first = track(in_frame(0), in_frame(1), in_frame(2, outside=1), in_frame(7), in_frame(8, outside=1))
    second = track(in_frame(7, points="30,5;50,5;40,30"), in_frame(8, outside=1), id=1, label="bolt")
    pictures, codes = pictures_of(cvat(tmp_path, first, second))
    assert [raw.stem for raw, _ in pictures] == ["frame_000000", "frame_000001", "frame_000007"]
    assert [raw.reference for raw, _ in pictures] == ["images/frame_000000.PNG", "", ""]
    assert [[item.label for item in raw.objects] for raw, _ in pictures] == [["nut"], ["nut"], ["nut", "bolt"]]
    assert {raw.size for raw, _ in pictures} == {(WIDTH, HEIGHT)}
    assert codes == ["track-outside", "track-outside"]


def test_what_is_said_of_a_track_names_it_and_its_frames(tmp_path: Path) -> None:
    problems = Problems("annotations.xml")
    shapes = [in_frame(number, outside=1) for number in range(7)]
    assert read_cvat(cvat(tmp_path, track(*shapes, id=4)), ReadOptions(), problems) == []
    (problem,) = problems.found
    assert (problem.severity, problem.object) == ("S", "track 4 (nut)")
    assert problem.message == "Its object is out of the picture in frame 0, 1, 2, 3, 4 and 2 more."


@pytest.mark.parametrize("frame", ["", "-1", "1.5", "first", "9" * 30])
def test_a_shape_in_no_frame_is_an_error(tmp_path: Path, frame: str) -> None:
    pictures, codes = pictures_of(cvat(tmp_path, track(in_frame(frame), in_frame(3))))
    assert [raw.stem for raw, _ in pictures] == ["frame_000003"]
    assert codes == ["shape-malformed"]


def test_the_points_of_a_skeleton_are_tracks_within_its_track(tmp_path: Path) -> None:
    points = track(in_frame(0, kind="points", points="1,1"), label="1")
    ((raw, problems),), codes = pictures_of(cvat(tmp_path, track(in_frame(0, kind="skeleton"), points)))
    assert (raw.objects, codes) == ([], [])
    assert [problem.code for problem in problems.found] == ["shape-type-skipped"]


@pytest.mark.parametrize(
    "meta",
    [
        "<meta><task><id>3</id><original_size>{}</original_size></task></meta>",
        "<meta><job><id>3</id></job><original_size>{}</original_size></meta>",
        "<meta><project><tasks><task><id>3</id><original_size>{}</original_size></task></tasks></project></meta>",
    ],
)
def test_the_size_of_the_only_video_is_that_of_every_frame(tmp_path: Path, meta: str) -> None:
    size = "<width>60</width><height>40</height>"
    ((raw, _),), _ = pictures_of(cvat(tmp_path, track(in_frame(0)), meta=meta.format(size)))
    assert raw.size == (60, 40)


def test_tracks_of_several_tasks_do_not_share_frames(tmp_path: Path) -> None:
    meta = """<meta><project><tasks>
    <task><id>3</id><original_size><width>60</width><height>40</height></original_size></task>
    <task><id>4</id><original_size><width>80</width><height>50</height></original_size></task>
    </tasks></project></meta>"""
    tracks = [track(in_frame(0), task_id=3, subset="Train"), track(in_frame(0), task_id=4, subset="Test")]
    pictures, codes = pictures_of(cvat(tmp_path, *tracks, meta=meta))
    assert [(raw.size, raw.split, raw.folder) for raw, _ in pictures] == [
        ((60, 40), "train", "Train"),
        ((80, 50), "test", "Test"),
    ]
    assert codes == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    elements = image(tag("polygon", points=POINTS, label="너트"), name="사진 1.png")
    pictures, codes = pictures_of(cvat(tmp_path, elements, encoding=encoding))
    ((raw, _),) = pictures
    assert (raw.reference, raw.objects[0].label) == ("사진 1.png", "너트")
    assert codes == ([] if encoding == "utf-8" else ["file-not-utf8"])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "file-empty"),
        ("<annotations><image", "file-unreadable"),
        ("<annotation><object/></annotation>", "file-not-annotation"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotations><version>1.1</version></annotations>', "xml-forbidden"),
        ('<!DOCTYPE a [<!ENTITY s SYSTEM "file:///etc/passwd">]><annotations>&s;</annotations>', "xml-forbidden"),
    ],
)
def test_files_that_are_no_labels(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "annotations.xml").write_text(text, encoding="utf-8")
    assert pictures_of(tmp_path / "annotations.xml") == ([], [code])
