from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import ImageGrab

from tests.programs import require_program, yolact_kit

ROOT = Path(__file__).parent.parent.parent
PARTS = ROOT / "examples" / "parts" / "pictures"


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    """A screen of its own, without a window manager."""
    program = require_program("Xvfb")
    read, write = os.pipe()
    command = [str(program), "-displayfd", str(write), "-screen", "0", "1400x1000x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    server.terminate()
    server.wait(10)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two pictures of parts without labels, in a folder with a Korean name."""
    folder = tmp_path / "부품 사진"
    folder.mkdir()
    for number in ("001", "002"):
        shutil.copy(PARTS / f"parts-{number}.jpg", folder / f"부품-{number}.jpg")
    return folder


class Desk:
    """A started `yolact-kit annotate` and the screen that its window is on."""

    def __init__(self, process: subprocess.Popen[str], env: dict[str, str]) -> None:
        self.process = process
        self.env = env

    def xdotool(self, *words: str) -> str:
        done = subprocess.run(["xdotool", *words], env=self.env, capture_output=True, text=True, timeout=30)
        return done.stdout.strip()

    def wait_for_window(self, name: str, seconds: float = 90) -> str:
        """Title of the first visible window whose title contains ``name``; empty where the program ends before."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            for window in self.xdotool("search", "--onlyvisible", "--name", name).split():
                if title := self.xdotool("getwindowname", window):
                    self.xdotool("windowfocus", window)
                    return title
            time.sleep(0.3)
        return ""

    def close(self) -> str:
        """Closes labelme as its user does, and gives what the command printed."""
        self.wait_for_window("abelme - ")
        self.xdotool("key", "ctrl+q")
        return self.process.communicate(timeout=30)[1]


@contextmanager
def annotating(screen: str, home: Path, command: list[str], **extra: str) -> Iterator[Desk]:
    require_program("xdotool")
    env = {
        **os.environ,
        "DISPLAY": screen,
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "LC_ALL": "C.UTF-8",
        **extra,
    }
    env.pop("WAYLAND_DISPLAY", None)
    process = subprocess.Popen(
        command, env=env, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield Desk(process, env)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate(timeout=10)


def annotate_command(photos: Path, labels: str) -> list[str]:
    require_program("labelme")
    return [sys.executable, "-m", "yolact_kit", "annotate", str(photos), "--labels", labels]


def draw_rectangle(desk: Desk, label: str) -> None:
    """Draws one over the middle of the picture and gives it a label, with mouse and keys."""
    desk.xdotool("key", "ctrl+r")
    time.sleep(0.3)
    for x, y in ((250, 200), (400, 350)):
        desk.xdotool("mousemove", str(x), str(y))
        time.sleep(0.2)
        desk.xdotool("click", "1")
        time.sleep(0.3)
    time.sleep(0.5)
    desk.xdotool("type", label)
    desk.xdotool("key", "Return")
    time.sleep(1.0)


@pytest.mark.slow
def test_labelme_opens_on_the_folder_and_saves_what_is_drawn(screen: str, photos: Path, tmp_path: Path) -> None:
    with annotating(screen, tmp_path, annotate_command(photos, "bolt,너트")) as desk:
        title = desk.wait_for_window("abelme - ")
        assert "부품-001.jpg" in title
        time.sleep(1.5)
        picture = ImageGrab.grab(xdisplay=screen)
        assert len(picture.getcolors(1_000_000) or []) > 5000, "the picture is not shown"
        draw_rectangle(desk, "bolt")
        saved = json.loads((photos / "부품-001.json").read_text(encoding="utf-8"))
        printed = desk.close()
    assert [(shape["label"], shape["shape_type"]) for shape in saved["shapes"]] == [("bolt", "rectangle")]
    assert saved["imageData"] is None
    assert desk.process.returncode == 0
    assert "1 of 2 pictures have labels" in printed


@pytest.mark.slow
def test_labelme_takes_the_given_classes_only(screen: str, photos: Path, tmp_path: Path) -> None:
    names = tmp_path / "이름.txt"
    names.write_bytes("나사\r\n너트\r\n".encode("cp949"))
    with annotating(screen, tmp_path, annotate_command(photos, str(names))) as desk:
        assert desk.wait_for_window("abelme - ")
        time.sleep(1.5)
        draw_rectangle(desk, "bolt")
        assert not list(photos.glob("*.json"))
        assert desk.wait_for_window("Invalid label", 5)


@pytest.mark.slow
def test_labelme_ends_with_the_command(screen: str, photos: Path, tmp_path: Path) -> None:
    with annotating(screen, tmp_path, annotate_command(photos, "bolt")) as desk:
        assert desk.wait_for_window("abelme - ")
        desk.process.terminate()
        assert desk.process.wait(10) == 128 + signal.SIGTERM
        assert desk.xdotool("search", "--onlyvisible", "--name", "abelme - ") == ""


def labelme_with(package: Path, program: list[str], photos: Path, screen: str, home: Path) -> str:
    """Title of labelme's window where ``package`` comes first among the Python packages; empty where it fails."""
    with annotating(screen, home, program, PYTHONPATH=os.pathsep.join([str(package), str(ROOT)])) as desk:
        title = desk.wait_for_window("abelme - ", 60)
        if not title:
            desk.process.wait(30)
        return title


@pytest.mark.slow
def test_labelme_starts_beside_the_full_opencv(screen: str, photos: Path, tmp_path: Path) -> None:
    package = tmp_path / "packages"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(package), "opencv-python"]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode != 0:
        assert os.environ.get("CI") != "true", done.stderr
        pytest.skip("opencv-python cannot be downloaded here")
    plain = [str(require_program("labelme")), str(photos)]
    assert labelme_with(package, plain, photos, screen, tmp_path) == "", "opencv-python no longer breaks labelme"
    title = labelme_with(package, annotate_command(photos, "bolt"), photos, screen, tmp_path)
    assert "부품-001.jpg" in title


def test_every_file_of_the_example_opens_in_labelmes_own_reader() -> None:
    require_program("labelme")
    program = (
        "import json, sys\n"
        "try:\n"
        "    from labelme._label_file import read_label_file as read\n"
        "except ImportError:\n"
        "    from labelme.label_file import LabelFile as read\n"
        "for path in sys.argv[1:]:\n"
        "    data = read(filename=path)\n"
        "    shapes = data.shapes\n"
        "    print(json.dumps([len(shapes), sorted({shape['shape_type'] for shape in shapes})]))\n"
    )
    files = sorted(PARTS.glob("*.json"))
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", program, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120)
    assert done.returncode == 0, done.stderr
    read = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    written = [json.loads(path.read_text(encoding="utf-8"))["shapes"] for path in files]
    assert read == [[len(shapes), sorted({shape["shape_type"] for shape in shapes})] for shapes in written]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "--labels", "a"], "does not exist"),
        (["empty", "--labels", "a"], "no picture"),
        (["photo.jpg", "--labels", "a"], "is a file"),
        (["photos", "--labels", " , "], "no class names"),
        (["photos", "--labels", "missing.txt"], "missing.txt"),
        (["photos", "--labels", "nothing.txt"], "no class names"),
    ],
)
def test_wrong_calls_are_told_and_open_nothing(tmp_path: Path, words: list[str], message: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "photos").mkdir()
    (tmp_path / "nothing.txt").write_text("\n \n", encoding="utf-8")
    for name in ("photo.jpg", "photos/photo.jpg"):
        shutil.copy(PARTS / "parts-001.jpg", tmp_path / name)
    done = yolact_kit("annotate", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a screen")
def test_without_a_screen_it_says_so(photos: Path) -> None:
    require_program("labelme")
    blank = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}
    done = yolact_kit("annotate", photos, "--labels", "bolt", env=blank)
    assert done.returncode == 2
    assert "no screen" in done.stderr


WITHOUT_THE_PACKAGE = (
    "import sys\n"
    "sys.modules['labelme'] = None\n"  # as if it were not installed beside yolact-kit
    "from yolact_kit.cli.app import main\n"
    "from yolact_kit.labelme_app.program import find_labelme\n"
)


@pytest.fixture
def other_python(tmp_path: Path) -> Path:
    """Python of an environment with the packages of this one but none of its programs."""
    venv.create(tmp_path / "other", with_pip=False, symlinks=os.name != "nt")
    packages = sysconfig.get_path("purelib", vars={"base": str(tmp_path / "other")})
    (Path(packages) / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    scripts = Path(sysconfig.get_path("scripts", vars={"base": str(tmp_path / "other")}))
    return scripts / Path(sys.executable).name


def run_without_the_package(python: Path, program: str, path: str, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path}
    command = [str(python), "-c", WITHOUT_THE_PACKAGE + program, *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)


def test_where_labelme_is_missing_it_says_how_to_install_it(photos: Path, other_python: Path) -> None:
    program = "main(sys.argv[1:])"
    done = run_without_the_package(other_python, program, "/usr/bin:/bin", "annotate", str(photos), "--labels", "bolt")
    assert done.returncode == 2, done.stderr
    assert 'pip install "yolact-kit[annotate]"' in done.stderr


def test_labelme_of_another_environment_is_found_on_the_path_and_run_by_its_own_python(other_python: Path) -> None:
    script = require_program("labelme")
    done = run_without_the_package(other_python, "print(find_labelme()[0])", str(script.parent))
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).parent == script.parent
