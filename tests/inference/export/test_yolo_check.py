from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tests.tiny_model import save_tiny_model
from yolact_kit.errors import UserError
from yolact_kit.inference.export import export as export_module
from yolact_kit.inference.export.export import ExportOptions, example_pictures, export_model
from yolact_kit.inference.export.formats import FORMATS
from yolact_kit.inference.export.yolo_check import fitted, with_bars
from yolact_kit.models.exported_settings import ExportedSettings
from yolact_kit.models.yolact import YolactNetwork


def test_a_picture_fits_into_the_square_and_stands_in_its_middle() -> None:
    picture = np.arange(30 * 20 * 3, dtype=np.uint8).reshape(30, 20, 3)
    assert fitted(picture, 60).shape == (60, 40, 3) and fitted(picture[:10], 60).shape == (30, 60, 3)
    square, (top, left) = with_bars(picture, 40)
    assert (top, left) == (5, 10) and (square[5:35, 10:30] == picture).all()
    assert (square[:5] == 114).all() and (square[:, 30:] == 114).all()


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["yolo-seg", "yolo26-seg"])
def test_a_file_with_prototypes_elsewhere_is_not_written(
    layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, usual = save_tiny_model(tmp_path / "run"), FORMATS["onnx"]

    def write_shifted(network: YolactNetwork, settings: ExportedSettings, file: Path) -> str:
        about = usual.write(network, settings, file)
        model = onnx.load(file)
        [output] = [output for output in model.graph.output if output.name == "output1"]
        producer = next(node for node in model.graph.node if "output1" in node.output)
        producer.output[list(producer.output).index("output1")] = "exact"
        model.graph.initializer.append(numpy_helper.from_array(np.float32(1.02), "factor"))
        model.graph.node.append(onnx.helper.make_node("Mul", ["exact", "factor"], [output.name]))
        onnx.save(model, file)
        return about

    monkeypatch.setitem(export_module.FORMATS, "onnx", usual._replace(write=write_shifted))
    with pytest.raises(UserError, match=r"does not predict the same.*outputs of the network differ by 0\.02"):
        export_model(run, tmp_path / "out" / "a.onnx", ExportOptions(layout=layout), pictures=example_pictures()[:1])
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.slow
def test_openvino_has_the_layout_too(tmp_path: Path) -> None:
    run = save_tiny_model(tmp_path / "run")
    file = tmp_path / "cups_openvino_model" / "cups.xml"
    options = ExportOptions("openvino", layout="yolo-seg", half=True)
    result = export_model(run, file, options, pictures=example_pictures()[:1])
    assert [path.name for path in result.files] == ["cups.bin", "cups.xml", "metadata.yaml"]
    assert result.parity.detections > 0 and result.parity.box < 0.5
