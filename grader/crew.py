"""Several warm sandboxes side by side, for work that is many gradings."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from grader.sandbox.front import Sandbox

T = TypeVar("T")
R = TypeVar("R")


class Crew:
    """Hands work to whichever sandbox is free.

    Args:
        sandboxes: at least one; they stay the caller's.
    """

    def __init__(self, sandboxes: Sequence[Sandbox]) -> None:
        self._free: queue.SimpleQueue[Sandbox] = queue.SimpleQueue()
        for sandbox in sandboxes:
            self._free.put(sandbox)
        # A grading waits for another process nearly all the time, so threads are enough.
        self._pool = ThreadPoolExecutor(max_workers=len(sandboxes))

    @classmethod
    @contextmanager
    def of(cls, size: int) -> Iterator[Crew]:
        """A crew with sandboxes of its own, which end with it and have the libraries in memory once."""
        with ExitStack() as ends:
            sandboxes = [ends.enter_context(Sandbox())]
            sandboxes += [ends.enter_context(sandboxes[0].another()) for _ in range(size - 1)]
            crew = cls(sandboxes)
            # First the work that waits, then the sandboxes: a grading that still runs ends with its sandbox.
            ends.callback(crew.close, wait=False)
            yield crew
        crew.close()

    def close(self, *, wait: bool = True) -> None:
        """Begin no more work; with ``wait``, return when none is left."""
        self._pool.shutdown(wait=wait, cancel_futures=True)

    def map(self, work: Callable[[Sandbox, T], R], tasks: Sequence[T]) -> list[R]:
        """``work(sandbox, task)`` for each task, in the order of the tasks.

        Raises:
            Exception: the first that a piece of work raised; what has not begun by then never does.
        """
        futures = [self._pool.submit(self._with_a_sandbox, work, task) for task in tasks]
        try:
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()

    def _with_a_sandbox(self, work: Callable[[Sandbox, T], R], task: T) -> R:
        sandbox = self._free.get()
        try:
            return work(sandbox, task)
        finally:
            self._free.put(sandbox)
