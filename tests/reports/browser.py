"""Pages in a headless Chromium that reaches no network."""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.programs import require_program


def browse(page: Path, *arguments: str) -> str:
    """What Chromium prints."""
    command = [
        str(require_program("chromium")), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={page.parent / 'profile'}", *arguments,
        page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def drive(page: Path, folder: Path, script: str, *arguments: str) -> Any:
    """Runs a script at the end of a copy of a page; gives what it leaves in ``said``."""
    driven = folder / "driven.html"
    code = f"<script>const said = {{}};\n{script}\ndocument.title = JSON.stringify(said);</script></body>"
    driven.write_text(page.read_text(encoding="utf-8").replace("</body>", code), encoding="utf-8")
    title = re.search(r"<title>(.*?)</title>", browse(driven, "--dump-dom", *arguments), re.DOTALL)
    assert title is not None
    return json.loads(html.unescape(title.group(1)))
