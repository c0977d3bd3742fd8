from __future__ import annotations

import subprocess
import sys


def test_on_a_mac_torch_is_told_to_fall_back_to_the_processor() -> None:
    lines = (
        "import sys, os; sys.platform = 'darwin'; import yolact_kit; print(os.environ['PYTORCH_ENABLE_MPS_FALLBACK'])"
    )
    environment = {"PYTORCH_ENABLE_MPS_FALLBACK": "0"}
    for given, expected in (({}, "1"), (environment, "0")):
        done = subprocess.run([sys.executable, "-c", lines], check=True, capture_output=True, text=True, env=given)
        assert done.stdout.strip() == expected
