from __future__ import annotations

import errno
import inspect
import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

from tests.programs import yolact_kit
from yolact_kit import __version__
from yolact_kit.cli.app import COMMANDS, errors_to_exit_codes, main
from yolact_kit.errors import UserError


def test_the_overview_names_every_command_with_its_purpose() -> None:
    done = yolact_kit("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    for name, purpose in COMMANDS.items():
        assert f"{name} " in done.stdout
        assert purpose in done.stdout


def test_without_a_command_the_overview_is_shown_and_the_call_is_wrong() -> None:
    done = yolact_kit()
    assert done.returncode == 2
    assert "Usage" in done.stdout


def test_the_version_is_printed_alone() -> None:
    done = yolact_kit("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"yolact-kit {__version__}\n", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_begins_with_the_purpose_that_the_overview_gives(name: str) -> None:
    function = getattr(import_module(f"yolact_kit.cli.{name}"), name)
    assert inspect.getdoc(function).splitlines()[0] == COMMANDS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example_and_the_common_options(name: str) -> None:
    done = yolact_kit(name, "--help")
    assert done.returncode == 0
    assert f"yolact-kit {name} " in done.stdout.partition("Usage")[2].partition("\n")[2], "no example"
    for option in ("--quiet", "-q", "--verbose", "-v", "--help"):
        assert option in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["trian"], "yolact-kit train"),
        (["convrt", "a", "b"], "yolact-kit convert"),
        (["--hlep"], "--help"),
        (["quickstart", "--tmie", "4m"], "--time"),
        (["-v", "evalute"], "yolact-kit evaluate"),
    ],
)
def test_a_misspelt_word_gets_the_nearest_known_one(words: list[str], expected: str) -> None:
    done = yolact_kit(*words)
    assert done.returncode == 2
    assert expected in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("encoding", ["cp949", "ascii", "cp1252"])
def test_no_console_encoding_ends_the_program(encoding: str) -> None:
    for words in (["--help"], ["train", "--help"], ["모델🔩 없음"], ["quickstart", "--time", "４分🔩"]):
        done = yolact_kit(*words, env={"PYTHONIOENCODING": encoding})
        assert done.returncode in (0, 2)
        assert "UnicodeEncodeError" not in done.stderr
        assert done.stdout + done.stderr


def exit_code(error: BaseException) -> int | str | None:
    with pytest.raises(SystemExit) as caught, errors_to_exit_codes():
        raise error
    return caught.value.code


def test_every_error_has_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(UserError("The file 'a' is missing.", "Look again.")) == 2
    assert exit_code(KeyboardInterrupt()) == 130
    assert exit_code(OSError(errno.ENOSPC, "No space left on device", "out/a.jpg")) == 2
    assert exit_code(OSError(errno.EFBIG, "File too large")) == 2
    assert exit_code(ModuleNotFoundError("No module named 'torch'", name="torch")) == 2
    assert exit_code(ValueError("something unforeseen")) == 70
    printed = capsys.readouterr()
    for part in (
        "The file 'a' is missing.",
        "Look again.",
        "Interrupted",
        "'out/a.jpg'",
        "'torch'",
        "unforeseen",
        "-v",
    ):
        assert part in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_rich_markup_in_a_message_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code(UserError("The label '[red]nut[/red]' is not a class."))
    assert "'[red]nut[/red]'" in capsys.readouterr().err


def test_the_traceback_of_a_fault_is_shown_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from yolact_kit.cli import app; app.COMMANDS['x'] = ''; app.main(['x', '-v'])"],
        capture_output=True, text=True, encoding="utf-8", cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 70
    assert "Traceback" in done.stderr
    assert "yolact_kit.cli.x" in done.stderr


def test_arguments_given_in_python_are_used(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--version"])
    assert __version__ in capsys.readouterr().out


def test_ctrl_c_while_the_program_is_loaded_leaves_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupting:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            if name == "yolact_kit.cli.app":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "yolact_kit.cli.app")
    monkeypatch.delattr(sys.modules["yolact_kit.cli"], "app")
    monkeypatch.setattr(sys, "meta_path", [Interrupting, *sys.meta_path])
    with pytest.raises(SystemExit) as caught:
        import_module("yolact_kit.__main__").main()
    assert caught.value.code == 130


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C reaches a child process on POSIX only")
def test_ctrl_c_ends_a_command_with_130_and_a_line(tmp_path: Path) -> None:
    waits = (
        "import time\n"
        "from yolact_kit.cli import app, quickstart\n"
        "def slow(*args, **options):\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
        "quickstart._make_folder = slow\n"
        "app.main(['quickstart'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", waits], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, printed = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Interrupted" in printed
    assert "Traceback" not in printed
