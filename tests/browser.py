"""A headless browser that tests drive as a person would, by the DevTools protocol over a pipe."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.programs import require_program


class Browser:
    """A window of headless Chromium without a network; the test is skipped where Chromium is missing.

    Args:
        profile: Folder for what the browser keeps.
    """

    def __init__(self, profile: Path) -> None:
        program = require_program("chromium")
        their_input, self._input = (_high(end) for end in os.pipe())
        self._output, their_output = (_high(end) for end in os.pipe())
        options = [
            "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={profile}", "about:blank",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            # Chromium reads what it is told from file descriptor 3, and answers on 4.
            ["bash", "-c", f'exec "$@" 3<&{their_input} 4>&{their_output}', "bash", str(program), *options],
            pass_fds=(their_input, their_output),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(their_input)
        os.close(their_output)
        self._number, self._rest, self._session = 0, b"", ""
        target = self.tell("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.tell("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._input)
        self._process.terminate()
        self._process.wait(timeout=30)
        os.close(self._output)

    def tell(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Sends a command of the protocol and gives its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._input, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._output, 2**16)
            assert more, "the browser has gone"
            self._rest += more
        text, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(text)
        return answer

    def open(self, address: str, width: int = 1200, height: int = 900, scheme: str = "light") -> None:
        """Opens a page in a window of that size; `run` waits until the page's script has been read."""
        self.tell("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.tell(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        # A page that differs in its fragment only would not be loaded anew.
        self.tell("Page.navigate", url="about:blank")
        self.tell("Page.navigate", url=address)
        self.run("document.readyState === 'complete' || new Promise((done) => addEventListener('load', () => done(1)))")

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page; a promise's once it is kept."""
        answer = self.tell("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def said(self, script: str) -> Any:
        """What JavaScript statements leave in ``said``."""
        return self.run(f"(() => {{ const said = {{}};\n{script}\nreturn said; }})()")

    def press(self, key: str, code: int) -> None:
        """Presses and releases a key, by its name and its virtual key code."""
        for kind in ("rawKeyDown", "keyUp"):
            self.tell("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def click(self, x: float, y: float) -> None:
        """Clicks at a place of the window, in pixels."""
        for kind in ("mousePressed", "mouseReleased"):
            self.tell("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, file: Path) -> Path:
        """Writes what the window shows as PNG."""
        file.write_bytes(base64.b64decode(self.tell("Page.captureScreenshot", format="png")["data"]))
        return file


def _high(descriptor: int) -> int:
    """The same file under a number that does not get in the way of 3 and 4."""
    import fcntl  # not on Windows, where tests with a browser skip

    copy = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 20)
    os.close(descriptor)
    return copy
