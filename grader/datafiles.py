"""The small data sets that the exercises are about, as text files to plot; `python -m grader.author` writes them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch

from grader.checks.datasets import single_bars
from grader.checks.exercise5_mode_collapse import RING

POINTS = 400

README = """# Data

Plain text, to look at and to plot; the checks make their own numbers, so nothing depends on these files.

- `bars.csv` (exercises 2 and 3): all 16 images of 8×8 pixels with exactly one full row or one full column. One image a
  line: its name, then its 64 pixels, row by row from the top, each 0 or 1. All are equally likely, so their entropy is
  ln 16 ≈ 2.7726 nats.
- `ring.csv` (exercise 5): 400 points of eight Gaussians with σ = 0.05, their centers on a circle of radius 1. One
  point a line: x, y, and the number of the Gaussian that it came from.

With numpy, in the folder `exercises`: `numpy.loadtxt("data/ring.csv", delimiter=",", skiprows=1)`; for the bars with
`usecols=range(1, 65)` too.
"""


def texts() -> dict[str, str]:
    """File name → text."""
    return {"README.md": README, "bars.csv": _bars(), "ring.csv": _ring()}


def _bars() -> str:
    images = single_bars().long()
    side = images.shape[-1]
    names = [f"row {k}" for k in range(side)] + [f"column {k}" for k in range(side)]
    header = ["image", *(f"p{row}{column}" for row in range(side) for column in range(side))]
    return _csv([header, *([name, *image.flatten().tolist()] for name, image in zip(names, images, strict=True))])


def _ring() -> str:
    points = RING.draw(POINTS, torch.Generator().manual_seed(0))
    modes = (points[:, None] - RING.centers).square().sum(-1).argmin(1)
    rows = zip(points.tolist(), modes.tolist(), strict=True)
    return _csv([["x", "y", "mode"], *([f"{x:.4f}", f"{y:.4f}", mode] for (x, y), mode in rows)])


def _csv(rows: Iterable[Iterable[object]]) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def stale(folder: Path) -> list[Path]:
    """The files in a folder that are missing or differ from what would be written."""
    found = {folder / name: text for name, text in texts().items()}
    return [path for path, text in found.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]


def write(folder: Path) -> list[Path]:
    """Write every file that is not fresh, and say which."""
    folder.mkdir(exist_ok=True)
    written = stale(folder)
    for path in written:
        path.write_text(texts()[path.name], encoding="utf-8")
    return written
