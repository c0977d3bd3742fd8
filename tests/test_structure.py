"""What holds the house together: which room knows which, how long files are, what an import costs."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "yolact_kit"
ROOMS = [
    "shapes", "pixels", "ops", "config", "annotations", "labelme_app", "models", "datasets", "planning",
    "inference", "evaluation", "training", "reports", "api", "cli",
]  # fmt: skip
HEAVY = {"torch", "torchvision", "lightning", "cv2", "pycocotools", "matplotlib", "albumentations", "shapely", "scipy"}
COPYLEFT = {"labelme", "ultralytics", "PyQt5", "PyQt6"}

FRONT_DOORS = {PACKAGE / name for name in ("__init__.py", "__main__.py")}
"""They know every room, and no room knows them."""

MOST_FILES = 26
"""Files that may lie beside each other in a room."""
MOST_FLOORS = 8
"""Files of a room that may import each other in a chain."""
TESTS_OF_MORE_THAN_A_MODULE = {
    "test_docs": "the pages",
    "test_examples": "the examples in docstrings",
    "test_package": "the front door",
    "test_structure": "the house",
    "test_user_reports": "what users of other programs reported",
    "test_wheel": "what is installed",
    "annotations/test_bad_input": "every reader against broken files",
    "annotations/test_dialects": "every reader against what programs write",
    "annotations/test_fuzz": "every reader against random damage",
    "inference/test_reference": "predictions against the original's",
    "models/test_reference": "networks against the original's",
}
"""Test files that are named after no module, and what they test."""

MOST_COMPLEX = 12
"""Paths through a function, as radon counts them (ruff's own count leaves out what expressions decide)."""
MOST_VAGUE = 0.01
"""Share of a room's names that may say nothing of what they stand for, such as ``found`` or ``one``."""

MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = sorted(
    path for folder in ("yolact_kit", "tests", "benchmarks", "examples") for path in (ROOT / folder).rglob("*.py")
)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, also inside functions, as absolute dotted names."""
    package = list(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def room_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "yolact_kit" and len(parts) > 1 and parts[1] in ROOMS else None


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_room_knows_only_the_rooms_above_it(path: Path) -> None:
    own = room_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
    allowed = ROOMS[: ROOMS.index(own) + 1] if own else []
    known = {room for module in imports(path) if (room := room_of(module))}
    if path not in FRONT_DOORS:
        assert known <= set(allowed), f"{name_of(path)} imports from {sorted(known - set(allowed))}"


def test_every_room_is_there_and_no_other() -> None:
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == set(ROOMS)


@pytest.fixture(scope="module")
def structure() -> ModuleType:
    """``benchmarks/structure.py``, which measures rooms."""
    spec = importlib.util.spec_from_file_location("structure", ROOT / "benchmarks" / "structure.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["structure"] = module
    spec.loader.exec_module(module)
    return module


def test_rooms_have_few_files_and_floors_and_no_circles(structure: ModuleType) -> None:
    rooms = structure.measure_rooms(PACKAGE)
    assert len(rooms) > len(ROOMS)
    assert not [room for room in rooms if room.files > MOST_FILES or room.floors > MOST_FLOORS]
    assert not [room for room in rooms if room.circles]


def test_no_files_of_the_package_import_each_other_in_a_circle(structure: ModuleType) -> None:
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in MODULES}
    graph = {
        name: {module for module in structure.imported_modules(path, PACKAGE) if module in files and module != name}
        for name, path in files.items()
    }
    assert [circle for circle in structure.find_circles(graph) if len(circle) > 1] == []
    graph["yolact_kit.errors"] = {"yolact_kit.inference.prediction"}
    assert any("yolact_kit.errors" in circle and len(circle) > 1 for circle in structure.find_circles(graph))


def test_floors_and_circles_are_counted(structure: ModuleType, tmp_path: Path) -> None:
    package = tmp_path / "house"
    (package / "room").mkdir(parents=True)
    files = {
        "low": "if TYPE_CHECKING:\n    from house.room.top import y",
        "middle": "import house.room.low",
        "left": "from .right import x",
        "right": "def f():\n    from house.room import left\n    from . import middle",
        "top": "from house.room.left import x\nimport os, house.other",
    }
    for name, text in files.items():
        (package / "room" / f"{name}.py").write_text(text, encoding="utf-8")
    (room,) = structure.measure_rooms(package)
    assert (room.name, room.files, room.imports, room.floors) == ("room", 5, 5, 5)
    assert room.circles == [["left", "right"]]


def test_functions_can_be_followed(structure: ModuleType) -> None:
    pytest.importorskip("radon", reason="radon, which counts the paths through functions, is not installed")
    assert structure.complex_functions(PACKAGE, MOST_COMPLEX) == [], "these are too complex"


def test_complexity_is_counted(structure: ModuleType, tmp_path: Path) -> None:
    pytest.importorskip("radon", reason="radon, which counts the paths through functions, is not installed")
    branches = "".join(f"    if x == {number}:\n        return 0\n" for number in range(MOST_COMPLEX))
    (tmp_path / "a.py").write_text(
        f"def simple(x):\n{branches[: branches.rindex('    if')]}\n\nclass A:\n"
        + "\n".join(f"    {line}" for line in f"def complex(self, x):\n{branches}".splitlines()),
        encoding="utf-8",
    )
    assert structure.complex_functions(tmp_path, MOST_COMPLEX) == [(MOST_COMPLEX + 1, "a.py:A.complex")]


def type_names(path: Path) -> Iterator[str]:
    """The classes and type aliases that a file defines."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name.lstrip("_")[:1].isupper() and not name.isupper():
                yield name


def test_one_name_stands_for_one_type() -> None:
    files: dict[str, list[str]] = {}
    for path in MODULES:
        for name in type_names(path):
            files.setdefault(name, []).append(name_of(path))
    assert {name: paths for name, paths in files.items() if len(paths) > 1} == {}


def test_names_are_nouns_of_the_field(structure: ModuleType) -> None:
    for room in ROOMS:
        vague, total = structure.vague_names(PACKAGE / room)
        assert vague / total <= MOST_VAGUE, f"{vague} of {total} names in {room} say nothing"


def test_vague_names_are_counted(structure: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "def boxes(kept, scores):\n    for found_boxes, _one in kept:\n        made = shown.place\n", encoding="utf-8"
    )
    assert structure.vague_names(tmp_path) == (3, 6)


def test_test_files_are_named_after_modules_of_their_room() -> None:
    homeless = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        name = path.relative_to(ROOT / "tests").with_suffix("").as_posix()
        if not name.startswith(("benchmarks/", "end_to_end/", "examples/")) and not module_under_test(path):
            homeless.add(name)
    assert homeless == set(TESTS_OF_MORE_THAN_A_MODULE)


def module_under_test(path: Path) -> Path | None:
    """The module or package of the same room that ``test_MODULE.py`` or ``test_MODULE_ASPECT.py`` is named after."""
    folder = PACKAGE / path.parent.relative_to(ROOT / "tests")
    words = path.stem.split("_")[1:]
    for count in range(len(words), 0, -1):
        module = folder / "_".join(words[:count])
        if module.is_dir():
            return module
        if module.with_suffix(".py").is_file():
            return module.with_suffix(".py")
    return None


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_have_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_functions_have_at_most_50_lines_besides_their_docstring(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            docstring = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) and first.end_lineno else 0
            length = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring
            assert length <= 50, f"{name_of(path)}: {node.name} has {length} lines"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_under_a_copyleft_licence_is_imported(path: Path) -> None:
    assert not {module.split(".")[0] for module in imports(path)} & COPYLEFT


def loaded_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after it ran ``code``."""
    program = f"import sys, json\n{code}\nsys.stdout.write('\\n' + json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = loaded_after("import yolact_kit, yolact_kit.cli.app, yolact_kit.shipped")
    assert not loaded & (HEAVY | {"numpy", "typer", "pydantic"})


def test_the_help_of_no_command_loads_anything_heavy() -> None:
    loaded = loaded_after(
        "from yolact_kit.cli.app import COMMANDS, main\n"
        "for name in COMMANDS:\n"
        "    try:\n"
        "        main([name, '--help'])\n"
        "    except SystemExit as end:\n"
        "        assert end.code == 0, name\n"
        "assert 'typer' in sys.modules"
    )
    assert not loaded & HEAVY


@pytest.mark.parametrize("words", [["nowhere"], ["nowhere", "--model", "yolact_naon"], ["nowhere", "--out", "."]])
def test_a_wrong_call_of_config_is_told_before_anything_heavy_is_loaded(words: list[str]) -> None:
    loaded = loaded_after(
        "from yolact_kit.cli.app import main\n"
        "try:\n"
        f"    main(['config', *{words}])\n"
        "except SystemExit as end:\n"
        "    assert end.code == 2"
    )
    assert not loaded & {"torch", "cv2", "lightning", "matplotlib"}


LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|(?:src|href)=\"([^\"]+)\"")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [first or second for first, second in LINK.findall(text)]
    relative = [link.partition("#") for link in links if not re.match(r"[a-z]+:", link)]
    missing = [link for link, _, _ in relative if link and not (page.parent / link).exists()]
    assert not missing
    for link, _, anchor in relative:
        target = page.parent / link if link else page
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{link}#{anchor}"


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings as GitHub makes them."""
    headings = re.findall(r"^#+\s+(.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_there_are_pages_to_check() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= {page.name for page in PAGES}


def top_of(name: str) -> Path:
    """Where the first word of a dotted name leads inside the package: a room, or a file beside the rooms."""
    first = PACKAGE / name.partition(".")[0]
    return first if first.is_dir() else first.with_suffix(".py")


def resolve(name: str) -> list[Path | str | None]:
    """The file of the module in a dotted name, None where there is none, and the words behind it."""
    words = name.split(".")
    for count in range(len(words), 0, -1):
        path = PACKAGE.joinpath(*words[:count])
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file() and (len(words) - count <= 1):
                return [file, *words[count:]]
    return [None]


def definitions(path: Path) -> set[str]:
    """Names that a module defines at its top: functions, classes, variables."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PLACES = sorted(set(re.findall(r"`((?:yolact_kit|tests|docs|templates|benchmarks)/[\w./-]*)`", CONTRIBUTING)))
NAMES = sorted(set(re.findall(r"`([a-z_]+(?:\.(?!yaml`|py`)[A-Za-z_]+)*)`", CONTRIBUTING)))


@pytest.mark.parametrize("place", PLACES)
def test_contributing_names_files_that_exist(place: str) -> None:
    assert (ROOT / place).exists() or "NAME" in place


@pytest.mark.parametrize("name", [name for name in NAMES if top_of(name).exists()])
def test_contributing_names_modules_and_functions_that_exist(name: str) -> None:
    module, *attributes = resolve(name)
    assert isinstance(module, Path), f"there is no module {name}"
    if attributes:
        assert attributes[0] in definitions(module), f"{name_of(module)} has no {attributes[0]}"


def test_contributing_draws_the_rooms_in_their_order_and_fits_on_a_page() -> None:
    table = CONTRIBUTING.partition("## The house")[2].partition("\n\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == ROOMS
    assert len(CONTRIBUTING.splitlines()) < 150
    assert len([name for name in NAMES if top_of(name).exists()]) > 25
