from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.inference.engines.files import exported_tiny
from yolact_kit.errors import UserError
from yolact_kit.inference.engines.onnx_file import read_onnx
from yolact_kit.models.exported_settings import ExportedSettings

onnx = pytest.importorskip("onnx", reason="onnx, which reads ONNX files, is not installed")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported_tiny(tmp_path_factory.mktemp("onnx"), "onnx")


def test_metadata_are_read(good: Path) -> None:
    settings = ExportedSettings.read(read_onnx(good), str(good))
    assert settings.config.classes == ["컵", "plate", "fork"] and settings.threshold is not None


def custom_operator(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "evil"
    model.opset_import.add(domain="evil", version=1)


def operator_in_a_branch(model: onnx.ModelProto) -> None:
    inner = onnx.helper.make_graph([onnx.helper.make_node("Run", [], ["x"], domain="evil")], "inner", [], [])
    model.graph.node.add(op_type="If").attribute.append(onnx.helper.make_attribute("then_branch", inner))


def own_function(model: onnx.ModelProto) -> None:
    model.functions.add(name="f", domain="")


def external_data(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, "../../etc/passwd")
    tensor.ClearField("raw_data")


def huge_input(model: onnx.ModelProto) -> None:
    for dimension in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        dimension.dim_value = 1_000_000


def huge_tensor(model: onnx.ModelProto) -> None:
    shape = onnx.helper.make_tensor("shape", onnx.TensorProto.INT64, [2], [1 << 20, 1 << 20])
    model.graph.initializer.append(shape)
    model.graph.node.append(onnx.helper.make_node("ConstantOfShape", ["shape"], ["huge"]))
    model.graph.output.append(onnx.helper.make_tensor_value_info("huge", onnx.TensorProto.FLOAT, None))


def no_metadata(model: onnx.ModelProto) -> None:
    del model.metadata_props[:]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (custom_operator, "operators of the domain 'evil'"),
        (operator_in_a_branch, "operators of the domain 'evil'"),
        (own_function, "operators that it defines itself"),
        (external_data, "keeps its weights in other files"),
        (huge_input, "too large"),
        (huge_tensor, "too large"),
    ],
)
def test_dangerous_files_are_refused(
    change: Callable[[onnx.ModelProto], None], words: str, good: Path, tmp_path: Path
) -> None:
    model = onnx.load(good)
    change(model)
    (tmp_path / "나쁜.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(UserError, match=words):
        read_onnx(tmp_path / "나쁜.onnx")


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02no protobuf at all" * 40, None])
def test_damaged_files_are_a_users_error(content: bytes | None, good: Path, tmp_path: Path) -> None:
    whole = good.read_bytes()
    (tmp_path / "깨진.onnx").write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(UserError, match=r"깨진\.onnx"):
        read_onnx(tmp_path / "깨진.onnx")


def test_a_foreign_model_has_no_metadata_of_ours(good: Path, tmp_path: Path) -> None:
    model = onnx.load(good)
    no_metadata(model)
    onnx.save(model, tmp_path / "foreign.onnx")
    with pytest.raises(UserError, match="holds no model of yolact-kit"):
        ExportedSettings.read(read_onnx(tmp_path / "foreign.onnx"), "foreign.onnx")
