"""What the command lines of `grade` have in common. Nothing here imports torch."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 80}


def tab(what: str) -> Callable[[click.Context, click.Parameter, str], Any]:
    """What the Tab key offers for a parameter, as `completion.OFFERS` names it."""

    def offer(context: click.Context, _: click.Parameter, incomplete: str) -> Any:
        from grader import completion

        return completion.OFFERS[what](context, incomplete)

    return offer


course_option = click.option(
    "--course",
    type=click.Path(path_type=Path),
    shell_complete=tab("folder"),
    metavar="DIR",
    help="A course that is not ours; its check files are trusted code.",
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    metavar="N",
    help="Draw the checks' numbers from this seed; otherwise they are new each time.",
)


def drawn(seed: int | None) -> int:
    """The seed that was asked for, or a new one."""
    return secrets.randbits(31) if seed is None else seed


def cores() -> int:
    """How many gradings run side by side where nobody says so; at most 64."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 64)
