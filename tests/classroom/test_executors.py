"""One contract for everything that grades a batch: threads here, and a real Dask cluster whose workers are killed."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from clusters import SECONDS, Cluster, alive, children, cluster, descendants, wait_for
from distributed import Client

from grader.classroom.batch.executors import Workers, open_executor
from grader.classroom.batch.record import Record
from grader.classroom.batch.sandboxes import Sandboxes
from grader.classroom.batch.worker import Piece, checks_digest, graded
from grader.core import Sandbox, grade
from grader.course import Exercise, built_in
from grader.errors import GraderError, UnusableInput
from grader.report import Status
from grader.submission import read_submission

pytestmark = [
    pytest.mark.xdist_group("executors"),
    # Of dask's own: a client that is left while its scheduler is dead.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).parent.parent.parent
TALK, TRICKS = built_in().find("exercise6"), built_in().find("exercise1")
SEED = 11
ENDLESS = b"import time\nwhile True:\n    time.sleep(0.01)\n"
NAN = "\n\ndef reparameterize(mu, sigma, epsilon):\n    return mu * float('nan')\n"


def piece(student: str, content: bytes, exercise: Exercise = TALK, **fields: Any) -> Piece:
    file = fields.pop("file", f"{student}/{exercise.name}.py")
    digest = hashlib.sha256(content).hexdigest()
    return Piece(
        student, exercise.name, file, content, digest, **{"seed": SEED, "checks": checks_digest(exercise)} | fields
    )


def a_class() -> list[Piece]:
    """Right, wrong, hostile and unreadable work."""
    right = TALK.solution.read_bytes()
    nan = (TRICKS.solution.read_text(encoding="utf-8") + NAN).encode()
    found = [
        piece("right", right),
        piece("stub", TALK.stub.read_bytes()),
        piece("exits", right + b"\nimport os\nos._exit(0)\n"),
        piece("nan", nan, TRICKS, only=("test_values", "test_formula_gradients")),
        piece("one check", right, only=("test_one_pass",)),
        piece("torn", b"x = (\n"),
        piece("binary", bytes(range(256))),
        piece("no notebook", b'{"cells": 3}', file="no notebook/work.ipynb"),
        # A file name of bytes that are no text, as Python has it.
        piece("hostile\x1b[31m\u202e\udcff<script>", right, file="\udcff\x1b]0;x\x07/exercise6.py"),
    ]
    return [
        *found,
        piece("wrong", (ROOT / "tests/submissions" / TALK.name / "wrong" / "bound_is_value.py").read_bytes()),
    ]


def marks(record: Record) -> Any:
    """All of a record but the time that it took."""
    data = record.to_json() | {"seconds": 0}
    if data["report"]:
        data["report"] |= {"seconds": 0, "checks": [check | {"seconds": 0} for check in data["report"]["checks"]]}
    return repr(data)  # NaN is not equal to itself


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("two")) as found:
        found.work("one")
        found.work("two")
        yield found


@pytest.fixture(scope="module", params=["local", "dask"])
def spec(request: pytest.FixtureRequest) -> str:
    return "local" if request.param == "local" else request.getfixturevalue("two_workers").spec


@pytest.fixture(scope="module")
def workers(spec: str) -> Iterator[Workers]:
    with open_executor(spec, 2) as found:
        yield found


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    """What one sandbox after the other makes of the class."""
    sandboxes = Sandboxes()
    found = {one.student: marks(graded(one, sandboxes)) for one in a_class()}
    sandboxes.close()
    return found


# --- the contract -------------------------------------------------------------------------------------------------


def test_every_piece_ends_once_with_the_same_marks_in_any_order(workers: Workers, expected: dict[str, Any]) -> None:
    assert workers.size == 2
    backwards = [workers.submit(one) for one in reversed(a_class())]
    records = [future.result(SECONDS) for future in backwards]
    assert [record.student for record in records] == [one.student for one in reversed(a_class())]
    assert {record.student: marks(record) for record in records} == expected
    assert {record.student for record in records if record.problem} == {"torn", "binary", "no notebook"}
    assert not any(record.fault for record in records)


def test_the_marks_are_those_that_grade_gives(workers: Workers, warm: Sandbox) -> None:
    alone = grade(TALK, read_submission(TALK.solution), sandbox=warm, seed=SEED)
    report = workers.submit(piece("ada", TALK.solution.read_bytes())).result(SECONDS).report
    assert report is not None
    assert (report.points, report.seed, report.sandbox) == (alone.max_points, SEED, alone.sandbox)
    assert [(check.name, check.status) for check in report.checks] == [(c.name, c.status) for c in alone.checks]


def test_what_concerns_the_whole_batch_is_raised(workers: Workers, tmp_path: Path) -> None:
    content = TALK.solution.read_bytes()
    for one, words in (
        (piece("ada", content, only=("test_nothing",)), 'no check "test_nothing"'),
        (piece("ada", content, checks="0" * 64), "not the check file that this batch began with"),
        (piece("ada", content, course=str(tmp_path / "none")), "there is no such folder"),
    ):
        with pytest.raises(UnusableInput, match=words):
            workers.submit(one).result(SECONDS)
    assert workers.submit(piece("ada", content)).result(SECONDS).report, "and the next is graded"


def test_a_broken_check_file_is_its_authors_to_mend(workers: Workers, tmp_path: Path) -> None:
    course = tmp_path / "course"
    shutil.copytree(ROOT / "exercises", course / "exercises")
    shutil.copytree(ROOT / "solutions", course / "solutions")
    (course / "grader" / "checks").mkdir(parents=True)
    for path in (ROOT / "grader" / "checks").glob("*.py"):
        shutil.copy(path, course / "grader" / "checks")
    broken = course / "grader" / "checks" / TALK.checks.name
    broken.write_text("import nothing_of_that_name\n")
    checks = hashlib.sha256(broken.read_bytes()).hexdigest()
    future = workers.submit(piece("ada", TALK.solution.read_bytes(), checks=checks, course=str(course)))
    with pytest.raises(GraderError, match="nothing_of_that_name"):
        future.result(SECONDS)
    # Mended, it is graded by the very workers that have seen it broken.
    shutil.copy(TALK.checks, broken)
    mended = piece("ada", TALK.solution.read_bytes(), course=str(course))
    assert workers.submit(mended).result(SECONDS).points == 30


def test_leaving_ends_at_once_what_has_not_been_graded(spec: str) -> None:
    with open_executor(spec, 2) as left:
        futures = [left.submit(piece(f"s{number}", ENDLESS)) for number in range(6)]
    done, pending = wait(futures, SECONDS)
    assert not pending
    assert all(isinstance(_error(future), CancelledError) for future in done)


def _error(future: Future[Record]) -> BaseException | None:
    try:
        return future.exception(0)
    except CancelledError as error:
        return error


# --- here -----------------------------------------------------------------------------------------------------------


def sandboxes_here() -> set[int]:
    """The sandboxes that this process has started; those that were forked of them are among their descendants."""
    found = set()
    for pid in children(os.getpid()):
        with suppress(OSError):  # it has ended meanwhile
            found |= {pid} if b"grader.sandbox" in Path(f"/proc/{pid}/cmdline").read_bytes() else set()
    return found


@contextmanager
def killing() -> Iterator[None]:
    """Every sandbox that is, or comes, is killed as soon as it is there, but for those of other tests."""
    over = threading.Event()

    def kill() -> None:
        while not over.wait(0.02):
            for pid in alive(sandboxes_here() - OF_OTHERS):
                os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


OF_OTHERS: set[int] = set()


def test_a_sandbox_that_died_is_replaced_and_no_fault_of_ours_is_a_mark() -> None:
    OF_OTHERS.update(sandboxes_here())
    with open_executor("local", 2) as workers:
        right = TALK.solution.read_bytes()
        assert workers.submit(piece("before", right)).result(SECONDS).points == 30
        with killing():
            record = workers.submit(piece("during", right)).result(SECONDS)
        assert record.report is None
        assert "killed" in record.fault or "gone" in record.fault or "went away" in record.fault
        later = [workers.submit(piece(f"s{number}", right)) for number in range(3)]
        assert [future.result(SECONDS).points for future in later] == [30, 30, 30]
        ours = sandboxes_here() - OF_OTHERS
        ours |= {pid for one in ours for pid in descendants(one)}
        assert len(ours) > 2
    wait_for(lambda: not alive(ours))


def test_a_sandbox_with_which_nothing_is_wrong_is_kept() -> None:
    sandboxes = Sandboxes()
    with sandboxes.one() as first:
        pass
    kept = []  # as a future keeps it, with the frames of all that was under way
    for _ in range(2):
        with pytest.raises(UnusableInput) as caught:
            graded(piece("ada", TALK.solution.read_bytes(), only=("test_nothing",)), sandboxes)
        kept.append(caught.value)
    assert graded(piece("ada", TALK.solution.read_bytes()), sandboxes).points == 30
    with sandboxes.one() as last:
        assert last is first
    sandboxes.close()


def test_a_submission_that_uses_up_its_time_has_a_verdict() -> None:
    sandboxes = Sandboxes()
    right = TALK.solution.read_bytes()
    slow = right + b"\nimport time\ntime.sleep(600)\n"
    record = graded(piece("slow", slow), sandboxes, limit=0.5)
    assert not record.fault
    assert record.report is not None
    assert (record.points, record.report.max_points) == (0, 30)
    assert {check.status for check in record.report.checks} <= {Status.ERROR, Status.SKIPPED}
    assert "stopped after 0.5 s" in record.report.checks[0].message
    assert graded(piece("ada", right), sandboxes).points == 30
    sandboxes.close()


# --- a cluster whose parts die --------------------------------------------------------------------------------------


def test_a_killed_workers_pieces_are_graded_elsewhere_and_nothing_of_it_stays(
    tmp_path: Path, expected: dict[str, Any]
) -> None:
    with cluster(tmp_path) as found:
        doomed = found.work("doomed")
        found.work("other")
        with open_executor(found.spec, 1) as workers:
            futures = [workers.submit(one) for one in a_class()]
            wait_for(lambda: any(future.done() for future in futures) and descendants(doomed.pid))
            left = descendants(doomed.pid)
            doomed.end(signal.SIGKILL)
            records = [future.result(SECONDS) for future in futures]
            wait_for(lambda: workers.size == 1)
        assert {record.student: marks(record) for record in records} == expected
        wait_for(lambda: not alive(left))
        left = descendants(found.workers["other"].pid)
        assert left, "its sandbox is kept warm for the next batch"
        found.workers["other"].end(signal.SIGTERM)
        wait_for(lambda: not alive(left))


def test_a_piece_that_kills_its_workers_is_a_fault_and_its_neighbours_are_graded(tmp_path: Path) -> None:
    with cluster(tmp_path, allowed_failures=0) as found:
        for name in ("first", "second", "third"):
            found.work(name)
        with open_executor(found.spec, 1) as workers, Client(found.address, set_as_default=False) as client:
            deadly = workers.submit(piece("deadly", ENDLESS))
            while not deadly.done():
                _kill_who_works(client, found, deadly)
            right = [workers.submit(piece(f"s{number}", TALK.solution.read_bytes())) for number in range(3)]
            assert [future.result(SECONDS).points for future in right] == [30, 30, 30]
    record = deadly.result()
    assert record.report is None
    assert "died, again and again" in record.fault


def _kill_who_works(client: Client, found: Cluster, until: Future[Record]) -> None:
    """Kill the worker that has something to do."""
    busy: list[str] = []

    def looked() -> bool:
        names = {address: info["name"] for address, info in client.scheduler_info(n_workers=-1)["workers"].items()}
        busy[:] = [names[address] for address, keys in client.processing().items() if keys and address in names]
        return bool(busy) or until.done()

    wait_for(looked)
    for name in busy:
        found.workers[name].end(signal.SIGKILL)


def test_without_workers_or_without_its_scheduler_a_batch_ends_in_words(tmp_path: Path) -> None:
    with cluster(tmp_path) as found:
        refused(found, f"dask worker {found.address}", patience=1)
        found.work("only")
        with open_executor(found.spec, 1, patience=2) as workers:
            futures = [workers.submit(piece(f"s{number}", ENDLESS)) for number in range(2)]
            found.workers["only"].end(signal.SIGKILL)
            for future in futures:
                with pytest.raises(GraderError, match="no workers for 2 s"):
                    future.result(SECONDS)
        found.work("another")
        with open_executor(found.spec, 1) as workers:
            future = workers.submit(piece("ada", ENDLESS))
            found.scheduler.end(signal.SIGKILL)
            with pytest.raises(GraderError, match="went away"):
                future.result(SECONDS)
            with pytest.raises(GraderError, match="went away"):
                workers.submit(piece("bob", ENDLESS)).result(SECONDS)
        refused(found, "no Dask scheduler answers there", patience=1)


def refused(found: Cluster, words: str, *, patience: float = 60) -> None:
    with pytest.raises(UnusableInput, match=words), open_executor(found.spec, 1, patience=patience):
        pass


@pytest.mark.parametrize(
    "spec", ["", "slurm", "dask://", "dask://host", "dask://:1", "dask://h:99999", "dask://\x1b[1m:x"]
)
def test_an_executor_that_is_none_is_said(spec: str) -> None:
    with pytest.raises(UnusableInput) as caught, open_executor(spec, 1):
        pass
    assert "dask://" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_another_reparam_on_a_worker_is_said(tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(ROOT / "grader", other / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "grader" / "assertions.py").open("a") as file:
        file.write("# mended\n")
    foreign = tmp_path / "foreign" / "grader"
    foreign.mkdir(parents=True)
    (foreign / "__init__.py").touch()
    with cluster(tmp_path / "cluster") as found:
        found.work("same")
        with open_executor(found.spec, 1) as workers:
            late = found.work("late", PYTHONPATH=str(other))
            found.workers["same"].end(signal.SIGKILL)
            with pytest.raises(UnusableInput, match=r"reparam .* instead of .*"):
                workers.submit(piece("ada", ENDLESS)).result(SECONDS)
        refused(found, r"The worker .* has reparam .* instead of .*")
        late.end()
        found.work("like us")
        with open_executor(found.spec, 1) as workers:
            future = workers.submit(piece("ada", ENDLESS))
            found.work("stranger", PYTHONPATH=str(foreign.parent))
            with pytest.raises(UnusableInput, match="no reparam like this one"):
                future.result(SECONDS)
        refused(found, "no reparam like this one")
