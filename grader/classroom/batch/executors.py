"""Where a batch's pieces are graded: in threads of ours, each with a warm sandbox, or by the workers of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

from grader.classroom.batch.record import Record
from grader.classroom.batch.sandboxes import Sandboxes
from grader.classroom.batch.worker import Piece, graded
from grader.errors import UnusableInput
from grader.text import one_line

CLUSTER = "dask://"

PATIENCE = 60.0
"""Seconds in which a cluster without workers may get one: a worker that died is started again by its nanny."""


class Workers(Protocol):
    """What grades pieces."""

    @property
    def size(self) -> int:
        """How many pieces are graded at a time just now; a cluster may grow and shrink."""

    def submit(self, piece: Piece) -> Future[Record]:
        """Have a piece graded; may be called from any thread.

        The future raises what concerns the whole batch: UnusableInput (the course or reparam differs there),
        CheckFileError, GraderError (the cluster is gone), CancelledError (the workers were left).
        """


@contextmanager
def open_executor(spec: str, jobs: int, *, patience: float = PATIENCE) -> Iterator[Workers]:
    """The workers that a command line names. Leaving them ends at once what has not been graded.

    Args:
        spec: ``local``, or ``dask://HOST:PORT`` with a scheduler's address.
        jobs: for ``local``, how many pieces are graded at a time.
        patience: seconds in which a cluster without workers may get one.

    Raises:
        UnusableInput: there are no such workers, or theirs is another reparam.
    """
    if spec == "local":
        with _local(jobs) as local:
            yield local
    elif spec.startswith(CLUSTER):
        from grader.classroom.batch.cluster import cluster  # dask takes a second to import

        with cluster(spec.removeprefix(CLUSTER), patience) as workers:
            yield workers
    else:
        raise UnusableInput(f'There is no executor "{one_line(spec, 60)}". Say local, or {CLUSTER}HOST:PORT.')


class _Local:
    """Threads are enough: a grading waits for another process nearly all the time."""

    def __init__(self, jobs: int, sandboxes: Sandboxes) -> None:
        self.size = jobs
        self._sandboxes = sandboxes
        self.pool = ThreadPoolExecutor(max_workers=jobs)

    def submit(self, piece: Piece) -> Future[Record]:
        """As :class:`Workers` says."""
        return self.pool.submit(graded, piece, self._sandboxes)


@contextmanager
def _local(jobs: int) -> Iterator[_Local]:
    sandboxes = Sandboxes()
    local = _Local(jobs, sandboxes)
    try:
        yield local
    finally:
        sandboxes.close()  # what waits for its turn then ends with CancelledError like what is running
        local.pool.shutdown()
