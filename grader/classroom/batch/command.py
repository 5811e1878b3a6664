"""What `grade batch` does: find a class's submissions, grade what is not graded yet, sum up, say what came out."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from grader import jobs, output, variants
from grader.classroom.batch import settings
from grader.classroom.batch.archives import unpacked
from grader.classroom.batch.due import Due, key_of
from grader.classroom.batch.executors import open_executor
from grader.classroom.batch.find import Handed, find
from grader.classroom.batch.ledger import Key, Ledger
from grader.classroom.batch.record import Record
from grader.classroom.batch.run import Batch, Common, records, stoppable
from grader.classroom.batch.worker import checks_digest
from grader.errors import GraderError, UnusableInput
from grader.health import FOR_STRANGERS
from grader.text import one_line

UNGRADED, STOPPED = 1, 130

_SHOWN = 20
"""Remarks that are printed; a class of thousands has more, and they are read in a file."""

_REMARKS = "remarks.txt"


@dataclass(frozen=True)
class Request:
    """The options of the command line.

    Args:
        source: the class's folder or archive.
        out: the folder of the results.
        exercises: what to grade; everything when empty, or with ``all``.
        jobs: how many gradings run side by side on this machine.
        executor: ``local`` or ``dask://HOST:PORT``.
        seed: what the probes are drawn from; None for what the folder remembers, or a new one.
        drawn: that new one.
        variants: whether students have numbers of their own.
        secret: the file with the course's secret, or None.
        anew: whether to grade everything again.
        unsafe: whether to go on without the layers that other people's code needs.
        course: the folder of a course that is not ours, or None.
        feedback: whether to write a page for each student and exercise.
    """

    source: Path
    out: Path
    exercises: tuple[str, ...]
    jobs: int
    executor: str
    seed: int | None
    drawn: int
    variants: bool
    secret: Path | None
    anew: bool
    unsafe: bool
    course: Path | None
    feedback: bool

    @property
    def again(self) -> str:
        """The command line that goes on with this batch: the folder remembers the seed."""
        words = ["grade", "batch", str(self.source), "--out", str(self.out)]
        words += [word for name in self.exercises for word in ("--exercise", name)]
        words += ["--executor", self.executor] if self.executor != "local" else []
        words += ["--variants"] if self.variants else []
        words += ["--secret", str(self.secret)] if self.secret is not None else []
        words += ["--unsafe"] if self.unsafe else []
        words += ["--feedback"] if self.feedback else []
        words += ["--course", str(self.course)] if self.course is not None else []
        return shlex.join(words)


def run(request: Request) -> int:
    """Grade a class; the exit code.

    Raises:
        UnusableInput: something that was given cannot be used; what was graded by then is kept.
    """
    with opened(request) as batch, stoppable() as stopped:
        due = batch.due()
        tell(batch.ledger.remarks, request.out)
        say(_told(due, request))
        graded: set[Key] = set()
        try:
            if due.work:
                _grade(batch, due.work, graded, request, stopped)
            return _finish(batch, due, graded, request, was_stopped=stopped())
        except (UnusableInput, GraderError) as error:
            # Whatever it is, what was graded is worth its summaries; a full disk does not even take those.
            with suppress(UnusableInput):
                if graded:
                    _finish(batch, due, graded, request, was_stopped=True)
            if isinstance(error, UnusableInput):
                raise
            sys.stderr.write(f"{error}\n")
            return UNGRADED


@contextmanager
def opened(request: Request) -> Iterator[Batch]:
    """A class's submissions and what is graded of them; no other run may write meanwhile.

    Raises:
        UnusableInput: something that was given cannot be used.
    """
    course = jobs.open_course(request.course)
    exercises = course.chosen(request.exercises)
    checks = {exercise.name: checks_digest(exercise) for exercise in exercises}
    secret = variants.public_secret(course) if request.secret is None else variants.read_secret(request.secret)

    def variant(handed: Handed) -> int | None:
        return variants.variant(secret, handed.student, handed.exercise) if request.variants else None

    settings.check_place(request.out, request.source)
    if not request.unsafe and request.executor == "local":
        _require_layers()
    with _folder(request.source) as (folder, refused):
        found = find(folder, course, exercises, called=str(request.source))
        with settings.locked(request.out):
            kept = None if request.anew else settings.read(request.out)
            agreed = settings.agreed(kept, request.seed, variants=request.variants, drawn=request.drawn)
            if kept is None:
                settings.keep(request.out, agreed)
                settings.set_aside(request.out)
            place = str(request.course.resolve()) if request.course is not None else None
            common = Common(agreed.seed, checks, variant, place)
            with Ledger(request.out) as ledger:
                ledger.remarks[:0] = [*refused, *found.remarks]
                yield Batch(course, exercises, found.handed, common, ledger)


def _require_layers() -> None:
    """Raise UnusableInput where submissions would run without the layers that other people's code needs."""
    from grader.sandbox import isolation

    prepared = isolation.prepare(FOR_STRANGERS)
    for descriptor in prepared.descriptors:
        os.close(descriptor)
    lacking = {name: why for name, why in isolation.missing(prepared).items() if name in FOR_STRANGERS}
    if lacking:
        reasons = "; ".join(f"{name}: {why}" for name, why in lacking.items())
        raise UnusableInput(f"{_UNSAFE} ({reasons}). {_MEND}")


def require_trust(record: Record) -> None:
    """Raise UnusableInput if a submission ran without the layers that other people's code needs."""
    layers = record.report.sandbox if record.report is not None else ()
    if layers and not set(FOR_STRANGERS) <= set(layers):  # without any, it did not run at all
        raise UnusableInput(f"{_UNSAFE}, or one of the cluster's. {_MEND}")


_UNSAFE = "Other people's code needs landlock and seccomp around it, which this machine does not give"
_MEND = "Grade on another machine, or say --unsafe if you trust every submission. `grade doctor` tells more."


@contextmanager
def _folder(source: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The class's folder; of an archive, one that is gone afterwards, and what was not unpacked."""
    if not source.exists():
        raise UnusableInput(f"{one_line(str(source))}: there is no such folder or archive.")
    if source.is_dir():
        yield source, ()
        return
    with tempfile.TemporaryDirectory(prefix="reparam-batch-") as folder:
        yield Path(folder), unpacked(source, Path(folder))


# --- grading ----------------------------------------------------------------------------------------------


def _grade(
    batch: Batch, work: Sequence[Handed], graded: set[Key], request: Request, stopped: Callable[[], bool]
) -> None:
    from grader.classroom.batch.progress import Progress
    from grader.render.page import Look

    look = Look.of(sys.stderr, os.environ)
    with (
        open_executor(request.executor, request.jobs) as workers,
        Progress(look, sys.stderr, len(work)) as progress,
    ):
        for record in records(work, batch.common, workers, stopped):
            if not request.unsafe:
                require_trust(record)
            batch.ledger.append(record)
            graded.add((record.student, record.exercise))
            progress.note(record)


def _finish(batch: Batch, due: Due, graded: set[Key], request: Request, *, was_stopped: bool) -> int:
    """Write the summaries and say how it ended; the exit code."""
    from grader.classroom.batch import outputs
    from grader.classroom.batch.closing import Ending, closing
    from grader.render.page import Look

    batch.ledger.settle()
    results = batch.results([*due.kept, *graded])
    files = outputs.write(results, request.out, feedback=request.feedback)
    left = sum(key_of(one) not in graded for one in due.work)
    ending = Ending(len(graded), left, files, request.again, request.out)
    output.to_stdout(closing(results, ending, Look.of(sys.stdout, os.environ)))
    if was_stopped and left:
        return STOPPED
    return UNGRADED if any(batch.ledger.entries[key].faulty for key in graded) else 0


# --- what is said before ----------------------------------------------------------------------------------


def _told(due: Due, request: Request) -> Iterator[str]:
    """What the instructor should know of what was found."""
    if due.gone:
        names = sorted({student for student, _ in due.gone})
        shown = ", ".join(one_line(name, 60) for name in names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
        yield (
            f"{len(due.gone):,} that were graded before are not handed in any more ({shown}): they are left out of the "
            "summaries, and kept in results.jsonl."
        )
    for name, count in due.outdated.items():
        yield (
            f"The checks of {name} have changed since {count:,} of its submissions were graded; their marks stay as "
            f"they are. Whose marks would change? {request.again} --regrade CHECK (everything anew: --again)"
        )
    counts = {"new": len(due.new), "changed": len(due.changed), "without a verdict so far": len(due.faulty)}
    told = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    kept = f"{len(due.kept):,} graded before" if due.kept else ""
    yield f"to grade: {told}{f'; {kept}' if kept else ''}" if told else f"nothing to grade; {kept}"


def tell(remarks: Sequence[str], out: Path) -> None:
    """Print remarks; where they are too many, all of them lie in a file."""
    if len(remarks) > _SHOWN:
        output.to_file(out / _REMARKS, "".join(f"{remark}\n" for remark in remarks))
        remarks = [*remarks[:_SHOWN], f"… all {len(remarks):,} remarks are in {out / _REMARKS}"]
    say(remarks)


def say(sentences: Iterable[str]) -> None:
    """Print lines on standard error: on standard output stands what came out."""
    with suppress(OSError):  # whoever read them has gone away; the batch goes on
        sys.stderr.write("".join(f"{one_line(sentence, 2000)}\n" for sentence in sentences))
        sys.stderr.flush()
