from __future__ import annotations

import pytest

from tests.tiny_model import THRESHOLD, tiny_config
from yolact_kit.errors import UserError
from yolact_kit.models.exported_settings import MARK, ExportedSettings


@pytest.mark.parametrize("threshold", [None, THRESHOLD])
def test_settings_survive_the_way_through_texts(threshold: object) -> None:
    settings = ExportedSettings(tiny_config(["컵", 'a "b" <c> & d']), threshold, whole=True, precision="f16")
    texts = settings.to_dict()
    assert all(isinstance(text, str) for text in texts.values())
    assert ExportedSettings.read(texts, "x.onnx") == settings


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({MARK: None}, "holds no model of yolact-kit"),
        ({MARK: "2"}, "later yolact-kit"),
        ({"config": None}, "cannot be read"),
        ({"config": "{}x"}, "cannot be read"),
        ({"threshold": '{"score": 7}'}, "cannot be read"),
    ],
)
def test_foreign_texts_are_a_users_error(change: dict[str, str | None], words: str) -> None:
    texts = {**ExportedSettings(tiny_config(), THRESHOLD).to_dict(), **change}
    with pytest.raises(UserError, match=f"'컵.onnx'.*{words}|{words}.*"):
        ExportedSettings.read({key: text for key, text in texts.items() if text is not None}, "컵.onnx")
