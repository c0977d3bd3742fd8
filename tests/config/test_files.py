from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from yolact_kit.config.files import load_config, override, render_config, save_config, template, template_names
from yolact_kit.config.keys import key_names, sections_of
from yolact_kit.config.schema import Config
from yolact_kit.errors import UserError


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _error(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        load_config(path)
    return caught.value.message + " " + caught.value.advice


def test_the_originals_configurations_are_there_beside_the_small_one() -> None:
    sizes, plus = ("im400", "im700"), ("plus_base", "plus_resnet50")
    originals = {"base", "resnet50", "darknet53", "resnet50_pascal", *sizes, *plus}
    assert {f"yolact_{name}" for name in originals | {"nano"}} <= set(template_names())


@pytest.mark.parametrize("name", template_names())
def test_templates_load_and_bear_their_name(name: str) -> None:
    assert template(name).model.name == name


def test_the_big_templates_are_the_papers() -> None:
    base, small = template("yolact_base"), template("yolact_resnet50")
    assert (base.model.backbone, small.model.backbone) == ("resnet101", "resnet50")
    for config in (base, small):
        model, train = config.model, config.train
        assert (model.input_size, model.features, model.head_features, model.prototypes) == (550, 256, 256, 32)
        assert model.anchors.scales == [[24], [48], [96], [192], [384]]
        assert model.anchors.aspect_ratios == [1, 0.5, 2]
        assert model.anchors.square
        assert (train.optimizer, train.learning_rate, train.batch_size) == ("sgd", 1e-3, 8)
        loss = config.loss
        assert (loss.box, loss.mask, loss.classification, loss.semantic) == (1.5, 6.125, 1, 1)


@pytest.mark.parametrize("name", template_names())
def test_saved_and_loaded_again_is_the_same(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "설정 🔧"
    folder.mkdir()
    config = template(name)
    config.dataset, config.classes = str(folder / "데이터"), ["너트", "no", "1", "볼트: ✂️ # x"]
    save_config(config, folder / "config.yaml")
    assert load_config(folder / "config.yaml") == config
    assert [file.name for file in folder.iterdir()] == ["config.yaml"]
    assert "너트" in (folder / "config.yaml").read_text(encoding="utf-8")


def test_a_saved_file_has_every_key_on_its_own_line_under_its_explanation() -> None:
    lines = render_config(Config(), {"train.epochs": "because of 14 pictures"}).splitlines()
    for key in key_names(Config):
        name = key.rpartition(".")[2]
        assert any(line.lstrip().startswith(f"{name}: ") for line in lines), key
    at = lines.index("  epochs: 100")
    assert lines[at - 1] == "  # -> because of 14 pictures"
    assert all(len(line) <= 120 for line in lines)
    assert yaml.safe_load("\n".join(lines)) == Config().model_dump(mode="json")


def test_every_key_of_the_schema_is_explained() -> None:
    def missing(model: type, prefix: str = "") -> list[str]:
        names = [prefix + name for name, field in model.model_fields.items() if not field.description]
        for name, inner in sections_of(model).items():
            names += missing(inner, f"{prefix}{name}.")
        return names

    assert missing(Config) == []


def test_the_data_set_is_found_from_the_files_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    _write(tmp_path / "here" / "config.yaml", "dataset: ../data")
    monkeypatch.chdir(tmp_path)
    assert Path(load_config("here/config.yaml").dataset) == tmp_path / "data"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("train:\n  epoch: 3", ["train.epoch", "train.epochs"]),
        ("epochs: 3", ["'epochs'", "train.epochs"]),
        ("train:\n  epochs: many", ["train.epochs", '"many"', "whole number"]),
        ("train:\n  epochs: 0", ["train.epochs", "0", "at least 1"]),
        ("train:\n  workers: -1", ["train.workers", "-1", "at least 0 or 'auto'"]),
        ("train:\n  precision: 8-bit", ["train.precision", "8-bit", "bf16-mixed"]),
        ("train:\n  learning_rate: 0", ["train.learning_rate", "above 0"]),
        ("train:\n  learning_rate: .nan", ["train.learning_rate", "NaN", "finite"]),
        ("train:\n  learning_rate: .inf", ["train.learning_rate", "Infinity", "finite"]),
        ("model:\n  anchors:\n    scales: [[.inf]]", ["model.anchors.scales", "finite"]),
        ("model:\n  backbone: resnet19", ["model.backbone", "resnet19", "'resnet18'"]),
        ("model:\n  anchors:\n    scales: [[a]]", ["model.anchors.scales", '"a"', "a number"]),
        ("classes: [1]", ["classes.0", "quotes"]),
        ("classes: [a, a]", ["classes must not repeat a name"]),
        ("loss:\n  negative_iou: 0.9", ["negative_iou must not be above"]),
        ("train:\n  backbone_rate: 0", ["train.backbone_rate", "above 0"]),
        ("train:\n  backbone_rate: 2", ["train.backbone_rate", "at most 1"]),
        ("train:\n  freeze: [neck]", ["train.freeze", "neck", "'stem'"]),
        ("train:\n  freeze: [head, backbone, fpn, protonet]", ["train.freeze must leave"]),
        ("train: 3", ["train is 3", "section"]),
        ("train: {epochs: 3", ["not valid YAML", "line"]),
        ("train:\n  epochs: 3\n  epochs: 4", ["epochs", "twice"]),
        ("just words", ["not a configuration"]),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(text: str, words: list[str], tmp_path: Path) -> None:
    message = _error(_write(tmp_path / "config.yaml", text))
    assert "config.yaml" in message
    for word in words:
        assert word in message, message


def test_everything_wrong_is_named_at_once(tmp_path: Path) -> None:
    message = _error(_write(tmp_path / "config.yaml", "trian: {}\ntrain: {epochs: 0, batch_size: x}"))
    assert all(word in message for word in ("'trian'", "'train'", "train.epochs", "train.batch_size"))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "does not exist" in _error(tmp_path / "none.yaml")
    assert "folder" in _error(tmp_path)
    (tmp_path / "korean.yaml").write_bytes("classes: [너트]".encode("cp949"))
    assert "UTF-8" in _error(tmp_path / "korean.yaml")


def test_empty_sections_and_a_byte_order_mark_take_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes("train:\nclasses: [너트]".encode("utf-8-sig"))
    assert load_config(tmp_path / "config.yaml") == Config(classes=["너트"])


def test_override_sets_keys_and_leaves_the_config_as_it_is() -> None:
    config = Config()
    train = ["train.epochs=3", "train.workers=auto", "train.learning_rate=1e-4", "train.freeze=stem,fpn"]
    model = ["model.weights=none", "classes=너트,볼트", "model.anchors.aspect_ratios=1,0.5"]
    changed = override(config, [*train, *model, "model.anchors.scales=[[8], [16, 20]]"])
    assert (changed.train.epochs, changed.train.workers, changed.train.learning_rate) == (3, "auto", 1e-4)
    assert changed.model.weights == "none" and changed.train.freeze == ["stem", "fpn"]
    assert changed.classes == ["너트", "볼트"]
    assert changed.model.anchors.scales == [[8], [16, 20]]
    assert changed.model.anchors.aspect_ratios == [1, 0.5]
    assert config == Config()


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("train.epoch=3", ["train.epoch", "train.epochs"]),
        ("train=3", ["section"]),
        ("train.epochs", ["KEY=VALUE"]),
        ("train.epochs=0", ["train.epochs", "at least 1"]),
        ("model.anchors.scales=[1", ["model.anchors.scales"]),
    ],
)
def test_override_names_what_is_wrong(assignment: str, words: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        override(Config(), [assignment])
    for word in words:
        assert word in caught.value.message + caught.value.advice


def test_a_misspelt_model_gets_the_nearest_name() -> None:
    with pytest.raises(UserError) as caught:
        template("yolact_nono")
    assert "'yolact_nano'" in caught.value.advice


def test_an_interrupted_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_config(Config(), tmp_path / "config.yaml")
    before = (tmp_path / "config.yaml").read_bytes()
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        save_config(Config(classes=["a"]), tmp_path / "config.yaml")
    assert (tmp_path / "config.yaml").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
