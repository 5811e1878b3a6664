"""Make the pictures of the README and the guides from the real thing: a terminal, a report and a class in a browser."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "pictures"
SEED = "7"
COLUMNS = 80
LARGEST = 200_000
WRONG = {
    "exercise1": "exercise1_reparameterization/wrong/variance_as_std.py",
    "exercise3": "exercise3_masked_convolution/wrong/kinds_swapped.py",
}
# Exercise → what a made-up class hands in: a file of ours, and for how many students.
CLASS = {
    "exercise1_reparameterization": {
        "right/plain.py": 11,
        "wrong/variance_as_std.py": 8,
        "wrong/exp_logvar.py": 6,
        "wrong/shared_noise.py": 4,
        "wrong/no_grad.py": 3,
        "wrong/root_of_exp.py": 2,
        "wrong/manual_seed.py": 2,
    },
    "exercise6_tool_choice": {
        "right/plain.py": 16,
        "wrong/bound_is_value.py": 7,
        "wrong/passes_by_feel.py": 5,
        "wrong/latency_ignored.py": 5,
        "wrong/reasons_swapped.py": 2,
    },
}
# The colours of the report in the dark, so that both pictures are of one hand.
THEME = TerminalTheme(
    (22, 24, 28),
    (232, 230, 225),
    [
        *((54, 58, 66), (255, 147, 136), (116, 207, 155), (227, 181, 102)),
        *((143, 184, 246), (220, 159, 228), (124, 200, 220), (232, 230, 225)),
    ],
)

sys.path.insert(0, str(ROOT / "tests"))
from browsers import chromium  # noqa: E402  the tests' own way to a browser


def main() -> int:
    """Write all pictures to docs/pictures."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "my-exercises"
        grade(Path(folder), "init", home.name)
        for file in WRONG.values():
            source = ROOT / "tests" / "submissions" / file
            shutil.copy(source, home / "exercises" / f"{Path(file).parts[0]}.py")
        words = ("exercise1", "--check", "test_values", "--seed", SEED)
        terminal(f"grade {' '.join(words)}", grade(home, *words))
        grade(home, "exercise3", "--seed", SEED, "--format", "html", "--out", "report.html")
        report(home / "report.html")
        insights(Path(folder))
    for picture in sorted(FOLDER.iterdir()):
        print(f"{picture.relative_to(ROOT)}  {picture.stat().st_size // 1024} KB")
        if picture.stat().st_size > LARGEST:
            print(f"{picture.name} is larger than {LARGEST // 1000} KB")
            return 1
    return 0


def grade(folder: Path, *words: str) -> str:
    """What the command prints in a colourful terminal."""
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "REPARAM_DATA": str(folder / "data")}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-P", "-m", "grader.cli", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return done.stdout


def terminal(command: str, output: str) -> None:
    """Draw a terminal with a command and what it printed."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, legacy_windows=False)
    console.print(Text.assemble(("$ ", "dim"), (command, "bold"), "\n"))
    console.print(Text.from_ansi(output))
    drawing = console.export_svg(title="", theme=THEME, unique_id="grade")
    # A picture in a README may load nothing: without the font of another site, any fixed-width font does.
    drawing = re.sub(r"@font-face \{.*?\}|<!--.*?-->", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r"font-family: [^;]+;", "font-family: ui-monospace, Menlo, Consolas, monospace;", drawing)
    lines = (line.rstrip() for line in drawing.splitlines())
    (FOLDER / "terminal.svg").write_text("\n".join(line for line in lines if line) + "\n")


def report(path: Path) -> None:
    """Photograph the report: its head by day, one failure by night."""
    with chromium() as browser:
        for name, scheme, selector in (
            ("report.png", "light", ".report > header, .checks"),
            ("report-dark.png", "dark", "#r1-test_layer_reads"),
        ):
            tab = browser.new_page(viewport={"width": 860, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
            tab.goto(path.as_uri())
            boxes = [box for one in tab.locator(selector).all() if (box := one.bounding_box())]
            top = min(box["y"] for box in boxes) - 32
            bottom = max(box["y"] + box["height"] for box in boxes) + 32
            area = {"x": 0, "y": top, "width": 860, "height": bottom - top}
            tab.screenshot(path=FOLDER / name, full_page=True, clip=area)  # type: ignore[arg-type]


def insights(folder: Path) -> None:
    """Grade a made-up class, and photograph what it misunderstands of exercise 1."""
    for exercise, files in CLASS.items():
        handed_in = [file for file, students in files.items() for _ in range(students)]
        for number, file in enumerate(handed_in):
            # Other students make the mistakes of one exercise than those of the other.
            student = folder / "class" / f"student{(number * 11) % 36:02}"
            student.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "tests" / "submissions" / exercise / file, student / f"{exercise}.py")
    chosen = [word for exercise in CLASS for word in ("--exercise", exercise)]
    grade(folder, "batch", "class", *chosen, "--seed", SEED, "--out", "results")
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 1000, "height": 900}, color_scheme="light")
        tab.goto((folder / "results" / "insights.html").as_uri())
        table = tab.locator("table.heat").first
        table.evaluate("table => table.querySelector('details').open = true")
        box = table.bounding_box()
        assert box is not None
        area = {"x": 0, "y": box["y"] - 72, "width": 1000, "height": min(box["height"] + 88, 760)}
        tab.screenshot(path=FOLDER / "insights.png", full_page=True, clip=area)  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
