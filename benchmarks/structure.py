"""How the house is built: its rooms, the longest functions to follow, and how many names say nothing.

Measures a checkout's ``yolact_kit/``, this one's by default: for each folder the files beside each other, the imports
among them, the floors (the longest chain of files that import each other) and the circles; then the functions that
radon finds more complex than a limit, and the share of vague names. Prints tables and writes JSON.

Example: python benchmarks/structure.py --checkout . --out runs/structure.json
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

VAGUE = {"made", "kept", "found", "given", "taken", "place", "one", "shown"}
"""Names that do not say what they stand for."""


@dataclass(frozen=True, slots=True)
class Room:
    """A folder of modules.

    Attributes:
        name: Its path below the package.
        files: Modules beside each other, without ``__init__.py``.
        imports: Pairs of them of which one imports the other, also inside functions.
        floors: Files in the longest chain of imports; a circle is as long as it has files.
        circles: Groups of files each of which reaches all the others of its group by imports.
    """

    name: str
    files: int
    imports: int
    floors: int
    circles: list[list[str]]


def imported_modules(path: Path, package: Path) -> Iterator[str]:
    """The dotted names that a file imports when it runs, anywhere in it; of ``from a import b`` both ``a`` and ``a.b``.

    Imports under ``if TYPE_CHECKING:`` never run and are left out.
    """
    folder = [package.name, *path.relative_to(package).parent.parts]
    for node in running_nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def running_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a syntax tree, without what stands under ``if TYPE_CHECKING:``."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from running_nodes(child)


def measure_room(folder: Path, package: Path) -> Room:
    """Counts the files of a folder and follows the imports among them.

    Args:
        folder: The folder; folders in it are rooms of their own.
        package: The package that it belongs to.

    Returns:
        The measures.
    """
    files = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
    prefix = ".".join([package.name, *folder.relative_to(package).parts])
    stems = {f"{prefix}.{path.stem}": path.stem for path in files}
    imports: dict[str, set[str]] = {}
    for path in files:
        names = {stems[module] for module in imported_modules(path, package) if module in stems}
        imports[path.stem] = names - {path.stem}
    circles = find_circles(imports)
    return Room(
        folder.relative_to(package).as_posix(),
        len(files),
        sum(map(len, imports.values())),
        count_floors(imports, circles),
        [circle for circle in circles if len(circle) > 1],
    )


def find_circles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Groups of files that reach each other; a file in no circle is a group by itself.

    Args:
        imports: What each file imports.

    Returns:
        The groups, each in alphabetical order.
    """
    reach = {name: set(targets) for name, targets in imports.items()}
    # Warshall: whoever reaches a file reaches all that it reaches.
    for middle in imports:
        for name in imports:
            if middle in reach[name]:
                reach[name] |= reach[middle]
    groups = {tuple(sorted({name, *(other for other in reach[name] if name in reach[other])})) for name in imports}
    return [list(group) for group in sorted(groups)]


def count_floors(imports: dict[str, set[str]], circles: list[list[str]]) -> int:
    """Files in the longest chain of imports; a circle counts with all of its files.

    Args:
        imports: What each file imports.
        circles: Its groups, as `find_circles` gives them.
    """
    circle_of = {name: number for number, circle in enumerate(circles) for name in circle}
    heights: dict[int, int] = {}

    def height(number: int) -> int:
        if number not in heights:
            below = {circle_of[target] for name in circles[number] for target in imports[name]} - {number}
            heights[number] = len(circles[number]) + max(map(height, below), default=0)
        return heights[number]

    return max(map(height, range(len(circles))), default=0)


def measure_rooms(package: Path) -> list[Room]:
    """Every folder of a package that has modules, the deepest imports first."""
    folders = sorted({path.parent for path in package.rglob("*.py")})
    rooms = [measure_room(folder, package) for folder in folders]
    return sorted((room for room in rooms if room.files), key=lambda room: (-room.floors, -room.files))


def complex_functions(package: Path, limit: int) -> list[tuple[int, str]]:
    """Functions above a complexity, as radon counts it, the most complex first.

    Args:
        package: The package.
        limit: The highest complexity that is not reported.

    Returns:
        Pairs of complexity and ``FILE:FUNCTION``.
    """
    from radon.complexity import cc_visit

    functions = []
    for path in sorted(package.rglob("*.py")):
        for block in cc_visit(path.read_text(encoding="utf-8")):
            if block.letter != "C" and block.complexity > limit:  # of a class, its methods are blocks of their own
                functions.append((block.complexity, f"{path.relative_to(package).as_posix()}:{block.fullname}"))
    return sorted(functions, key=lambda function: (-function[0], function[1]))


def vague_names(package: Path) -> tuple[int, int]:
    """How many of the names that a package defines are vague.

    Args:
        package: The package.

    Returns:
        The number of vague names, and of all names.
    """
    vague = total = 0
    for path in package.rglob("*.py"):
        for name in defined_names(path):
            total += 1
            vague += name.strip("_") in VAGUE
    return vague, total


def defined_names(path: Path) -> Iterator[str]:
    """The names of a file's variables, parameters, functions and classes, each as often as it is defined."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def main() -> int:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkout", type=Path, default=Path(__file__).parent.parent)
    parser.add_argument("--complexity", type=int, default=10, help="list functions above this complexity")
    parser.add_argument("--out", type=Path, default=Path("runs/structure.json"))
    options = parser.parse_args()
    package = options.checkout.resolve() / "yolact_kit"
    rooms = measure_rooms(package)
    functions = complex_functions(package, options.complexity)
    vague, total = vague_names(package)
    console = Console(highlight=False)
    table = Table(title="files beside each other", title_justify="left")
    for column in ("room", "files", "imports", "floors", "circles"):
        table.add_column(column, justify="left" if column in ("room", "circles") else "right")
    for room in rooms:
        circles = "; ".join(", ".join(circle) for circle in room.circles)
        table.add_row(room.name, str(room.files), str(room.imports), str(room.floors), circles)
    console.print(table)
    console.print(f"{len(functions)} functions above complexity {options.complexity} (radon)")
    for complexity, name in functions:
        console.print(f"  {complexity:3} {name}")
    console.print(f"{vague} of {total} names are vague: {vague / max(total, 1):.2%}")
    document = {
        "rooms": [asdict(room) for room in rooms],
        "complex_functions": functions,
        "vague_names": vague,
        "names": total,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
