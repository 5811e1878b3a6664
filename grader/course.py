"""The course: its exercises in order, their files, and how a learner may name them."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader import marked_yaml
from grader.errors import UnusableInput
from grader.marked_yaml import Node
from grader.text import did_you_mean, one_line

HINT_TIERS = 3
"""A hint of the first tier asks, the second points, the third works a neighbouring case."""

_NAME = re.compile(r"exercise([1-9][0-9]{0,3})_([a-z][a-z0-9_]*)")
_CHECK = re.compile(r"test_[a-z0-9_]+")
_FIELDS = ("name", "title", "minutes")
_OPTIONAL_FIELDS = ("concepts", "sources", "hints")


@dataclass(frozen=True)
class Exercise:
    """One exercise and where its files are.

    Args:
        name: ``exercise3_masked_convolution``; the stem of each of its files.
        number: 3.
        slug: ``masked_convolution``.
        title: its title.
        minutes: how long it takes a learner.
        concepts: what it practises.
        sources: what it draws on.
        hints: check name → three hints, from a question to a worked neighbour.
        stub: the file with places to fill.
        solution: the source of the stub, with the answers.
        checks: the check file.
    """

    name: str
    number: int
    slug: str
    title: str
    minutes: int
    concepts: tuple[str, ...]
    sources: tuple[str, ...]
    hints: Mapping[str, tuple[str, ...]] = field(repr=False, hash=False)
    stub: Path
    solution: Path
    checks: Path

    @property
    def short(self) -> str:
        """The name to type: ``exercise3``."""
        return f"exercise{self.number}"

    def require_checks(self) -> None:
        """Raise UnusableInput unless the check file is there."""
        if not self.checks.is_file():
            raise UnusableInput(f"{one_line(str(self.checks))}: no such file. The checks of {self.name} belong there.")


@dataclass(frozen=True)
class Course:
    """The exercises in the order in which they are taught.

    Args:
        title: its title.
        exercises: at least one.
        folder: where it was opened, as ``--course`` names it; None for the course that comes with reparam.
    """

    title: str
    exercises: tuple[Exercise, ...]
    folder: Path | None = None

    @classmethod
    def load(cls, path: Path, *, checks: Path | None = None) -> Course:
        """Read ``…/exercises/course.yaml``.

        Args:
            path: the file; solutions lie in ``solutions`` beside its folder.
            checks: the folder of the check files. Otherwise the file's own ``checks`` says it, seen from beside
                its folder; without that it is ``checks``.

        Raises:
            UnusableInput: the message names file, line and field.
        """
        top = marked_yaml.read(path)
        fields = top.fields(("title", "exercises"), ("checks",))
        root = path.parent.parent
        if checks is None:
            checks = root / (fields["checks"].text() if "checks" in fields else "checks")
        exercises: list[Exercise] = []
        for node in fields["exercises"].items():
            exercise = _exercise(node, path.parent, root / "solutions", checks)
            if any(exercise.number == other.number or exercise.slug == other.slug for other in exercises):
                node.fail(f"the number or the name of {exercise.name} is taken by an exercise above")
            exercises.append(exercise)
        if not exercises:
            fields["exercises"].fail("should list at least one exercise")
        return cls(fields["title"].text(), tuple(exercises))

    @classmethod
    def open(cls, folder: Path) -> Course:
        """A course of somebody's own: a folder with ``exercises/course.yaml``, ``solutions/`` and ``checks/``.

        Raises:
            UnusableInput: there is none; or as :meth:`load`.
        """
        shown = one_line(str(folder))
        if not folder.is_dir():
            raise UnusableInput(f"{shown}: there is no such folder.")
        path = folder / "exercises" / "course.yaml"
        if not path.is_file():
            raise UnusableInput(f"{shown} is no course: it has no exercises/course.yaml.")
        return replace(cls.load(path), folder=folder)

    @property
    def option(self) -> str:
        """What names this course on a command line, to be put after a command: empty, or `` --course DIR``."""
        return f" --course {shlex.quote(str(self.folder))}" if self.folder is not None else ""

    def command(self, words: str = "") -> str:
        """A command line about this course: ``grade exercise1 --course DIR``."""
        return f"grade {words}".strip() + self.option

    def find(self, text: str) -> Exercise:
        """The exercise that a learner means: ``exercise3``, ``3``, its slug, its full name, or a unique beginning.

        Raises:
            UnusableInput: none or several fit; the message names the nearest.
        """
        wanted = text.strip().casefold().replace("-", "_")
        for exercise in self.exercises:
            if wanted in _names(exercise):
                return exercise
        begun = [e for e in self.exercises if wanted and any(name.startswith(wanted) for name in (e.name, e.slug))]
        if len(begun) == 1:
            return begun[0]
        if begun:
            several = " or ".join(exercise.name for exercise in begun[:4])
            raise UnusableInput(f'"{one_line(text, 60)}" could be {several}. Write more of its name.')
        raise UnusableInput(
            f'There is no exercise "{one_line(text, 60)}".{did_you_mean(wanted, self.names())} '
            f"`{self.command()}` alone lists the exercises."
        )

    def chosen(self, words: Collection[str]) -> tuple[Exercise, ...]:
        """The exercises that somebody names, in the order of the course; all without a word, or with ``all``.

        Raises:
            UnusableInput: as :meth:`find`.
        """
        if not words or "all" in words:
            return self.exercises
        wanted = [self.find(word) for word in words]
        return tuple(exercise for exercise in self.exercises if exercise in wanted)

    def names(self) -> list[str]:
        """Every name that an exercise answers to."""
        return [name for exercise in self.exercises for name in _names(exercise)]


@functools.cache
def built_in() -> Course:
    """The course that comes with reparam."""
    package = Path(__file__).parent
    packed = package / "_course"
    # A wheel holds the course inside the package; a checkout holds it beside the package.
    root = packed if packed.is_dir() else package.parent
    return Course.load(root / "exercises" / "course.yaml", checks=package / "checks")


def _names(exercise: Exercise) -> tuple[str, ...]:
    return (exercise.short, exercise.slug, exercise.name, str(exercise.number))


def _exercise(node: Node, stubs: Path, solutions: Path, checks: Path) -> Exercise:
    fields = node.fields(_FIELDS, _OPTIONAL_FIELDS)
    name = fields["name"].text()
    match = _NAME.fullmatch(name)
    if match is None:
        fields["name"].fail("should look like exercise3_masked_convolution: `exercise`, a number, `_`, small letters")
    file = f"{name}.py"
    return Exercise(
        name=name,
        number=int(match[1]),
        slug=match[2],
        title=fields["title"].text(),
        minutes=fields["minutes"].whole_number(1, 600),
        concepts=fields["concepts"].texts() if "concepts" in fields else (),
        sources=fields["sources"].texts() if "sources" in fields else (),
        hints=_hints(fields["hints"]) if "hints" in fields else {},
        stub=stubs / file,
        solution=solutions / file,
        checks=checks / file,
    )


def _hints(node: Node) -> dict[str, tuple[str, ...]]:
    hints = {}
    for check, tiers in node.mapping().items():
        if not _CHECK.fullmatch(check):
            tiers.fail("should be the name of a check, which begins with `test_`")
        texts = tiers.texts()
        if len(texts) != HINT_TIERS:
            tiers.fail(f"should be a list of {HINT_TIERS} hints, it has {len(texts)}")
        hints[check] = texts
    return hints
