"""Several notebooks graded at a time, though nbgrader asks for one after the other."""

from __future__ import annotations

import functools
import queue
import threading
from concurrent.futures import Future

from grader.classroom.marking import Marks, Work, mark
from grader.kernel.warm import Keeper


class Ahead:
    """Begins gradings before they are asked for.

    Args:
        jobs: how many run at a time, each in a sandbox of its own that stays warm.
    """

    def __init__(self, jobs: int) -> None:
        # Last in, first out: who grades one notebook after the other pays for one sandbox.
        self._all: list[Keeper] = []
        self._all += [Keeper(self._all) for _ in range(jobs)]
        self._keepers: queue.LifoQueue[Keeper] = queue.LifoQueue()
        for keeper in self._all:
            self._keepers.put(keeper)
        self._begun: dict[Work, Future[Marks]] = {}

    def begin(self, work: Work) -> None:
        """Grade a notebook in the background, unless that is under way."""
        if work not in self._begun:
            future = self._begun[work] = Future()
            # A daemon: who stops the program waits for nobody's endless loop.
            threading.Thread(target=self._grade, args=(work, future), daemon=True).start()

    def marks(self, work: Work) -> Marks:
        """What a notebook earned.

        Raises:
            Exception: as :func:`~grader.classroom.marking.mark`.
        """
        self.begin(work)
        return self._begun.pop(work).result()

    def close(self) -> None:
        """End the sandboxes, and what runs in them."""
        for keeper in self._all:
            keeper.close()

    def _grade(self, work: Work, future: Future[Marks]) -> None:
        keeper = self._keepers.get()
        try:
            future.set_result(mark(work, keeper))
        except BaseException as error:  # noqa: BLE001  whatever it is, it belongs to who asks for the marks
            future.set_exception(error)
        finally:
            self._keepers.put(keeper)


@functools.cache
def ahead(jobs: int) -> Ahead:
    """The one of this process, whose sandboxes stay warm: formgrader grades many times."""
    return Ahead(jobs)
