"""A window that shows pictures, one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolact_kit.errors import UserError

_SCREEN_SHARE = 0.9


class Window:
    """A window on the screen. It uses tkinter, since OpenCV's headless build has no windows.

    Args:
        title: Its title.

    Raises:
        UserError: No window can be opened: there is no screen, or Python was built without tkinter.
    """

    def __init__(self, title: str) -> None:
        try:
            import tkinter

            from PIL import ImageTk

            self._root: Any = tkinter.Tk()
        except Exception as error:  # tkinter.TclError is not defined if tkinter is missing
            raise UserError(
                f"No window can be opened here ({error}).",
                "Leave --show out: `--format video` writes what would be shown. On Linux: `apt install python3-tk`.",
            ) from error
        self._photo = ImageTk.PhotoImage
        self._root.title(title)
        self._label: Any = tkinter.Label(self._root, borderwidth=0)
        self._label.pack()
        self._open = True
        self._root.protocol("WM_DELETE_WINDOW", self._end)
        for key in ("q", "<Escape>"):
            self._root.bind(key, lambda _: self._end())

    def show(self, pixels: NDArray[np.uint8]) -> None:
        """Shows a picture, reduced to fit the screen.

        Args:
            pixels: uint8 [H, W, 3], red, green, blue.

        Raises:
            KeyboardInterrupt: The window was closed, or q or Escape was pressed, which ends the run.
        """
        image = Image.fromarray(pixels)
        screen = self._root.winfo_screenwidth(), self._root.winfo_screenheight()
        image.thumbnail((int(screen[0] * _SCREEN_SHARE), int(screen[1] * _SCREEN_SHARE)))
        photo = self._photo(image, master=self._root)
        self._label.configure(image=photo)
        self._label.image = photo  # Tk itself does not keep it
        self._root.update()
        if not self._open:
            self._root.destroy()
            raise KeyboardInterrupt

    def _end(self) -> None:
        """Notes that the window was closed; `show` ends the run, since Tk would swallow an exception raised here."""
        self._open = False
