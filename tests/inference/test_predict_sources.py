"""From pictures to a folder of predictions, writers included."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.errors import UserError
from yolact_kit.inference import sources
from yolact_kit.inference.journal import FILE, Record
from yolact_kit.inference.predict_sources import predict_to_folder
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.predictor import Predictor
from yolact_kit.inference.sources import SourcePicture, find_pictures
from yolact_kit.inference.writers import FORMATS, Item, WriteOptions, check_formats
from yolact_kit.inference.writers.names import Names, safe_name
from yolact_kit.output_record import NAME
from yolact_kit.pixels.depth import DepthRule
from yolact_kit.pixels.pictures import read_picture

CLASSES = ["컵/잔", "plate", "fork"]
PICTURE_FORMATS = [name for name in FORMATS if name != "video"]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    config = tiny_config(CLASSES)
    config.detect.top_k = 6
    return Predictor(tiny_model(config), config, batch_size=2)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    folder = tmp_path / "사진"
    for name, size in (("a.png", (40, 60)), ("a.jpg", (60, 40)), ("하위/컵 1.png", (50, 50)), ("z.png", (30, 70))):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8)).save(folder / name)
    return folder


def test_every_format_says_the_same(predictor: Predictor, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "결과"
    outcome = predict_to_folder(predictor, find_pictures(photos), out, PICTURE_FORMATS)
    assert (outcome.pictures, outcome.broken, outcome.interrupted) == (4, [], False)
    document = json.loads((out / "predictions.json").read_text(encoding="utf-8"))
    assert sorted(document) == ["annotations", "categories", "images"]
    assert document["categories"] == [{"id": number, "name": name} for number, name in enumerate(CLASSES, start=1)]
    assert [image["file_name"] for image in document["images"]] == ["a.jpg", "a.png", "z.png", "하위/컵 1.png"]
    assert len(document["annotations"]) == outcome.objects > 0
    overlays = ["a.jpg", "a.png.jpg", "z.jpg", "하위/컵 1.jpg"]
    masks = ["a.png", "a.png.png", "z.png", "하위/컵 1.png"]
    assert sorted(path.relative_to(out / "overlay").as_posix() for path in (out / "overlay").rglob("*.jpg")) == overlays
    for image, overlay, name in zip(document["images"], overlays, masks, strict=True):
        found = [one for one in document["annotations"] if one["image_id"] == image["id"]]
        with Image.open(out / "overlay" / overlay) as drawn:
            assert drawn.size == (image["width"], image["height"])
        check_masks(out / "png", name, found, (image["height"], image["width"]))


def check_masks(folder: Path, name: str, found: list[dict], size: tuple[int, int]) -> None:
    """The PNG files of a picture against its annotations of the COCO document."""
    instance, semantic = (np.array(Image.open(folder / kind / name)) for kind in ("instance", "semantic"))
    expected, classes = np.zeros(size, dtype=int), np.zeros(size, dtype=int)
    objects = sorted((folder / "objects" / name).with_suffix("").glob("*.png")) if found else []
    assert len(objects) == len(found)
    for number in reversed(range(len(found))):
        segmentation = found[number]["segmentation"]
        mask = coco_mask.decode({**segmentation, "counts": segmentation["counts"].encode("ascii")})
        assert mask.sum() == found[number]["area"] > 0
        expected[mask > 0], classes[mask > 0] = number + 1, found[number]["category_id"]
        np.testing.assert_array_equal(np.array(Image.open(objects[number])), mask * 255)
    np.testing.assert_array_equal(instance, expected)
    np.testing.assert_array_equal(semantic, classes)
    names = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
    assert list(names.values()) == ["background", *CLASSES]


def test_predictions_are_a_document_that_pycocotools_reads(predictor: Predictor, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    outcome = predict_to_folder(predictor, find_pictures(photos), out, ["coco"])
    index = COCO()
    index.dataset = json.loads((out / "predictions.json").read_text(encoding="utf-8"))
    index.createIndex()
    assert len(index.getAnnIds()) == outcome.objects
    for annotation in index.loadAnns(index.getAnnIds()):
        assert index.annToMask(annotation).sum() == annotation["area"]
        assert len(annotation["bbox"]) == 4 and all(isinstance(value, float) for value in annotation["bbox"])
    assert sorted(path.name for path in out.iterdir()) == [NAME, "predictions.json"]


def test_broken_pictures_are_left_out_and_counted(predictor: Predictor, photos: Path, tmp_path: Path) -> None:
    (photos / "broken.jpg").write_bytes(b"no picture")
    told: list[str] = []
    outcome = predict_to_folder(
        predictor, find_pictures(photos), tmp_path / "out", on_problem=lambda picture, _: told.append(picture.name)
    )
    assert told == [picture.name for picture, _ in outcome.broken] == ["broken.jpg"]
    assert outcome.pictures == 4
    document = json.loads((tmp_path / "out" / "predictions.json").read_text(encoding="utf-8"))
    assert "broken.jpg" not in [image["file_name"] for image in document["images"]]


def test_nothing_is_written_where_no_picture_can_be_read(predictor: Predictor, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"broken\.jpg"):
        predict_to_folder(predictor, find_pictures(tmp_path / "in"), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_an_interrupt_keeps_what_is_done(predictor: Predictor, photos: Path, tmp_path: Path) -> None:
    def interrupted(stream: Iterable[Record], total: int) -> Iterable[Record]:
        for number, done in enumerate(stream):
            if number == 1:
                raise KeyboardInterrupt
            yield done

    outcome = predict_to_folder(predictor, find_pictures(photos), tmp_path / "out", track=interrupted)
    assert outcome.interrupted and 2 <= outcome.pictures <= 4
    document = json.loads((tmp_path / "out" / "predictions.json").read_text(encoding="utf-8"))
    drawn = list((tmp_path / "out" / "overlay").rglob("*.jpg"))
    assert len(document["images"]) == len(drawn) == outcome.pictures
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "사진"]


class Killed(BaseException):
    """Stands for the death of the process: nothing of the program goes on after it."""


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(
    predictor: Predictor, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = find_pictures(photos)
    whole = predict_to_folder(predictor, pictures, tmp_path / "whole", PICTURE_FORMATS)

    def killed(stream: Iterable[Record], total: int) -> Iterable[Record]:
        yield next(iter(stream))
        raise Killed

    out = tmp_path / "out"
    with pytest.raises(Killed):
        predict_to_folder(predictor, pictures, out, PICTURE_FORMATS, track=killed)
    assert not (out / "predictions.json").exists()
    with (out / FILE).open("a", encoding="utf-8") as journal:
        journal.write('{"file": "half a li')  # what dying in the middle of a write leaves
    with pytest.raises(UserError, match=r"'score' was 0.0, now it is 0.5"):
        predict_to_folder(Predictor(predictor.engine, predictor.config, score=0.5), pictures, out, PICTURE_FORMATS)
    with pytest.raises(UserError, match="other pictures"):
        predict_to_folder(predictor, pictures[-1:], out, PICTURE_FORMATS)
    read: list[Path] = []

    def noted(path: Path, **options: Any) -> np.ndarray:
        read.append(path)
        return read_picture(path, **options)

    monkeypatch.setattr(sources, "read_picture", noted)
    outcome = predict_to_folder(predictor, pictures, out, PICTURE_FORMATS)
    assert 0 < outcome.continued == 4 - len(read) < 4
    assert (outcome.pictures, outcome.objects, outcome.by_class) == (4, whole.objects, whole.by_class)
    assert contents(out) == contents(tmp_path / "whole")
    with pytest.raises(UserError, match="not empty"):
        predict_to_folder(predictor, pictures, out, PICTURE_FORMATS)


def test_overwriting_keeps_what_a_person_labelled(predictor: Predictor, photos: Path, tmp_path: Path) -> None:
    out, pictures = tmp_path / "out", find_pictures(photos)
    predict_to_folder(predictor, pictures, out, ["labelme", "overlay"])
    corrected = out / "labelme" / "z.json"
    document = json.loads(corrected.read_text(encoding="utf-8"))
    corrected.write_text(json.dumps({**document, "shapes": document["shapes"][:1]}), encoding="utf-8")
    saved = contents(out)
    outcome = predict_to_folder(predictor, pictures[:2], out, ["labelme"], overwrite=True)
    assert outcome.kept == [corrected]
    left = contents(out)
    assert sorted(left) == [NAME, "labelme/a.json", "labelme/a.png.json", "labelme/z.json"]
    assert left["labelme/z.json"] == saved["labelme/z.json"]
    outcome = predict_to_folder(predictor, pictures, out, ["labelme"], overwrite=True)
    assert outcome.kept == [corrected] and contents(out)["labelme/z.json"] == saved["labelme/z.json"]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_pictures(predictor: Predictor, tmp_path: Path) -> None:
    class Made(SourcePicture):
        """A tiny picture that lies nowhere: thousands of files would take longer than the test."""

        def read(self, depth: DepthRule | None = None) -> np.ndarray:
            return np.full((6, 8, 3), len(self.name), dtype=np.uint8)

    def peak(count: int) -> int:
        pictures = [Made(f"{number:06d}.png", tmp_path / f"{number:06d}.png") for number in range(count)]
        tracemalloc.start()
        predict_to_folder(predictor, pictures, tmp_path / f"out-{count}", ["coco", "csv"])
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(4)
    few, many = peak(100), peak(700)
    assert (many - few) / 600 < 1000  # bytes a picture; its name and where it lies are held, its detections are not


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_interrupt_before_the_first_picture_writes_nothing(
    predictor: Predictor, photos: Path, tmp_path: Path
) -> None:
    def interrupted(stream: Iterable[Record], total: int) -> Iterable[Record]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_to_folder(predictor, find_pictures(photos), tmp_path / "out", track=interrupted)
    assert [path.name for path in tmp_path.iterdir()] == ["사진"]


def test_an_output_folder_that_is_not_empty_is_kept(predictor: Predictor, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="not empty"):
        predict_to_folder(predictor, find_pictures(photos), out)
    with pytest.raises(UserError, match=r"'mine\.txt'"):
        predict_to_folder(predictor, find_pictures(photos), out, overwrite=True)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]
    (out / "mine.txt").unlink()
    predict_to_folder(predictor, find_pictures(photos), out, ["overlay", "png"])
    predict_to_folder(predictor, find_pictures(photos), out, ["coco"], overwrite=True)
    assert sorted(path.name for path in out.iterdir()) == [NAME, "predictions.json"]


@pytest.mark.parametrize("name", ["notes.txt", "overlay/mine.jpg", "labelme/thesis.txt", "하위/메모.txt"])
def test_an_unfinished_run_goes_on_beside_files_of_the_users(
    predictor: Predictor, photos: Path, tmp_path: Path, name: str
) -> None:
    def killed(stream: Iterable[Record], total: int) -> Iterable[Record]:
        yield next(iter(stream))
        raise Killed

    out, pictures = tmp_path / "out", find_pictures(photos)
    with pytest.raises(Killed):
        predict_to_folder(predictor, pictures, out, ["overlay", "labelme"], track=killed)
    mine = out / name
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=mine.name):
        predict_to_folder(predictor, pictures, out, ["overlay", "labelme"], overwrite=True)
    assert predict_to_folder(predictor, pictures, out, ["overlay", "labelme"]).pictures == 4
    with pytest.raises(UserError, match=mine.name):
        predict_to_folder(predictor, pictures, out, ["overlay", "labelme"], overwrite=True)
    assert mine.read_text(encoding="utf-8") == "mine"
    mine.unlink()
    assert predict_to_folder(predictor, pictures, out, ["coco"], overwrite=True).pictures == 4


def test_many_detections_need_more_than_a_byte(tmp_path: Path) -> None:
    from yolact_kit.inference.writers.png import PngWriter

    coded = [np.zeros((20, 30), dtype=np.uint8, order="F") for _ in range(300)]
    for number, mask in enumerate(coded):
        mask.reshape(-1, order="F")[number] = 1
    rles = [{"size": [20, 30], "counts": coco_mask.encode(mask)["counts"].decode("ascii")} for mask in coded]
    boxes, scores = np.zeros((300, 4), dtype=np.float32), np.linspace(1, 0, 300, dtype=np.float32)
    found = Prediction("a.jpg", 30, 20, boxes, scores, np.zeros(300, dtype=np.int64), rles, ["cup"])  # type: ignore[arg-type]
    picture = SourcePicture("a.jpg", tmp_path / "a.jpg")
    writer = PngWriter(tmp_path, ["cup"], WriteOptions())
    writer.add(Item(picture, "a", np.zeros((20, 30, 3), dtype=np.uint8), found))
    instance = np.array(Image.open(tmp_path / "png" / "instance" / "a.png"))
    assert instance.reshape(-1, order="F")[:300].tolist() == list(range(1, 301))


def test_formats_that_are_not_there() -> None:
    with pytest.raises(UserError, match="no format 'cocoo'") as raised:
        check_formats(["coco", "cocoo"])
    assert raised.value.advice == "Available are coco, csv, labelme, png, cutouts, overlay, video."


def test_names_are_unique_whatever_the_case_and_never_leave_the_folder() -> None:
    names = Names()
    given = ["A/컵.jpg", "a/컵.PNG", "A/컵.jpg", "../../etc/x.png", "/etc/x.png", "C:\\data\\x.png", "1569.73.jpg"]
    found = [names.give(name) for name in given]
    assert found == ["A/컵", "a/컵.PNG", "A/컵.jpg", "x", "x.png", "x.png-2", "1569.73"]
    assert Names(found).give("A/컵.jpg") == "A/컵.jpg-2"
    assert safe_name("a/b:c*?.d e") == "a_b_c___d_e"
    assert safe_name("") == "_"
