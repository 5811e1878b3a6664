"""The client's side of a Dask cluster: pieces go out as plain values, and each ends exactly once, whoever dies."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from typing import Any

from grader.classroom.batch import remote
from grader.classroom.batch.connecting import connected, examine, unlike_ours
from grader.classroom.batch.record import Record
from grader.classroom.batch.worker import Piece
from grader.errors import CheckFileError, GraderError, UnusableInput
from grader.text import one_line

CONNECT_SECONDS = 10.0
"""How long a scheduler may take to answer, and to have its first worker."""

_LOOK_SECONDS = 1.0
_ANSWER_SECONDS = 10.0


@contextmanager
def cluster(address: str, patience: float) -> Iterator[Cluster]:
    """The workers of a scheduler.

    Args:
        address: ``HOST:PORT``. Dask's own configuration says whether TLS is spoken, and with which certificates.
        patience: seconds in which a scheduler may answer, and a cluster that has lost its workers may get one.

    Raises:
        UnusableInput: dask is not installed, nobody answers there, there are no workers, or theirs is another reparam.
    """
    shown = one_line(address, 100)
    client = connected(address, shown, min(patience, CONNECT_SECONDS))
    try:
        examine(client, shown, min(patience, CONNECT_SECONDS))
        workers = Cluster(client, shown, patience)
        try:
            yield workers
        finally:
            workers.close()
    finally:
        with suppress(Exception):  # it may be gone already
            client.close(timeout=2)


class Cluster:
    """Hands pieces to a scheduler.

    Args:
        client: connected; it stays the caller's.
        shown: the scheduler's address, safe to show.
        patience: seconds in which a cluster that has lost its workers may get one.
    """

    def __init__(self, client: Any, shown: str, patience: float) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False)
        self._shown = shown
        self._patience = patience
        self._lock = threading.Lock()
        self._pending: set[Future[Record]] = set()
        self._suspects: deque[tuple[Piece, Future[Record]]] = deque()
        self._trying: Future[Record] | None = None
        self._end: BaseException | None = None
        self._over = threading.Event()
        threads = client.nthreads()
        self._known = set(threads)
        self.size = max(1, sum(threads.values()))
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def submit(self, piece: Piece) -> Future[Record]:
        """As :class:`~grader.classroom.batch.executors.Workers` says."""
        future: Future[Record] = Future()
        future.set_running_or_notify_cancel()  # only all of them can be cancelled, by leaving
        with self._lock:
            if self._end is not None:
                future.set_exception(self._end)
                return future
            self._pending.add(future)
        self._send(piece, future)
        return future

    def _send(self, piece: Piece, future: Future[Record], *, suspect: bool = False) -> None:
        try:
            sent = self._executor.submit(remote.graded_remotely, asdict(piece), remote.build())
        except Exception:  # noqa: BLE001  a client that has lost its scheduler says so in several ways
            self._finish(self._lost())
            return
        sent.add_done_callback(partial(self._ended, piece, future, suspect))

    def _ended(self, piece: Piece, future: Future[Record], suspect: bool, sent: Future[bytes]) -> None:
        """Called by dask's thread when a piece has ended over there, in whichever way."""
        from distributed import KilledWorker

        if sent.cancelled():  # by us, and then nobody waits any more, or by a client that lost its scheduler
            self._finish(self._lost())
            return
        error = sent.exception()
        if isinstance(error, KilledWorker) and not suspect:
            with self._lock:
                self._suspects.append((piece, future))
        elif isinstance(error, KilledWorker):
            self._settle(future, piece.ended(fault=_DEADLY))
        elif error is not None:
            self._settle(future, piece.ended(fault=f"{type(error).__name__}: {one_line(str(error))}"))
        else:
            try:
                self._settle(future, remote.record_of(sent.result()))
            except (UnusableInput, CheckFileError) as raised:
                self._settle(future, raised)
            except Exception as raised:  # noqa: BLE001  nobody may wait for ever for a reply that cannot be read
                self._settle(future, piece.ended(fault=f"{type(raised).__name__}: {one_line(str(raised))}"))
        self._try_suspect(future)

    def _lost(self) -> GraderError:
        return GraderError(f"The scheduler at dask://{self._shown} went away. {_KEPT}")

    def _try_suspect(self, ended: Future[Record]) -> None:
        """Try again, one at a time, what was on workers that died: of several there only one may have killed them."""
        with self._lock:
            if self._trying is ended:
                self._trying = None
            if self._trying is not None or not self._suspects or self._end is not None:
                return
            piece, self._trying = self._suspects.popleft()
            future = self._trying
        self._send(piece, future, suspect=True)

    def _settle(self, future: Future[Record], ending: Record | BaseException) -> None:
        with self._lock:
            if future not in self._pending:
                return
            self._pending.remove(future)
        if isinstance(ending, Record):
            future.set_result(ending)
        else:
            future.set_exception(ending)

    def _finish(self, error: BaseException) -> None:
        """End all that is pending, and all that comes."""
        with self._lock:
            if self._end is None:
                self._end = error
            pending = list(self._pending)
        self._over.set()
        for future in pending:
            self._settle(future, self._end)

    def _watch(self) -> None:
        """Keep count of the workers, look at those that join, and end the batch when there have been none for long."""
        seen = time.monotonic()
        while not self._over.wait(_LOOK_SECONDS):
            try:
                threads = self._client.nthreads(callback_timeout=_ANSWER_SECONDS)
                joined, self._known = set(threads) - self._known, set(threads)
                if joined and (problem := unlike_ours(self._client, sorted(joined))):
                    self._finish(UnusableInput(problem))
            except Exception:  # noqa: BLE001  however a scheduler cannot be asked, there is nobody to grade
                threads = {}
            if threads:
                self.size, seen = sum(threads.values()), time.monotonic()
            elif time.monotonic() - seen > self._patience:
                self._finish(
                    GraderError(
                        f"The scheduler at dask://{self._shown} has had no workers for {self._patience:g} s. {_KEPT}"
                    )
                )

    def close(self) -> None:
        """End what is pending with CancelledError; what a worker has begun it ends by itself, for nobody."""
        self._finish(CancelledError())
        with suppress(Exception):  # the client may be gone already
            self._executor.shutdown(wait=False)
        self._watcher.join()


_KEPT = "What has been graded is kept: start scheduler and workers, and run the command again."
_DEADLY = "The workers that graded it died, again and again; another machine, or one with more memory, may do better."
