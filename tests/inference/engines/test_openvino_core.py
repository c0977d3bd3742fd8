from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yolact_kit
from yolact_kit.inference.engines.openvino_core import openvino_core

SCRIPT = """
import os, signal, threading, numpy as np
from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.inference.engines.openvino_conversion import converted
from yolact_kit.inference.engines.openvino_engine import OpenVinoEngine
from yolact_kit.models.traced import TracedNetwork

model = converted(TracedNetwork(tiny_model(tiny_config())))
engines = [OpenVinoEngine(lambda: model, "tiny")]
engines[0].run(np.zeros((1, 3, 64, 64), np.float32))
thread = threading.Thread(target=engines.clear)  # the last user of the network goes, on another thread
thread.start()
thread.join()
signal.signal(signal.SIGINT, lambda *words: print("interrupted"))
os.kill(os.getpid(), signal.SIGINT)
print("still here")
"""


def test_there_is_one_core() -> None:
    assert openvino_core() is openvino_core()


def test_an_interrupt_after_a_prediction_does_not_end_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split("\n")[:2]) == (0, ["interrupted", "still here"]), done.stderr


def test_nothing_is_told_to_its_makers() -> None:
    script = "import sys, yolact_kit.inference.engines.openvino_conversion; print(sys.modules['openvino_telemetry'])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"


def test_no_other_module_loads_openvino_by_itself() -> None:
    package = Path(yolact_kit.__file__).parent
    loading = [
        file.name
        for file in package.rglob("*.py")
        if re.search(r"^\s*import openvino\b", file.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert loading == ["openvino_core.py"]
