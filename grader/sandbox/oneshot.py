"""Where forking after ``import torch`` is not safe: fresh interpreters, started ahead of need, used once."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import Any

from grader.sandbox import isolation
from grader.sandbox.isolation import Budget
from grader.sandbox.supervisor import REQUEST_LIMIT, Supervisor
from grader.sandbox.zygote import CPU_SECONDS, arguments, become_judge, become_submission


class _Worker:
    """An interpreter that imports torch while it waits to be told what it is."""

    def __init__(self, layers: tuple[str, ...], budget: Budget) -> None:
        self._ours, theirs = socket.socketpair()
        without = [part for layer in isolation.LAYERS if layer not in layers for part in ("--without", layer)]
        command = [sys.executable, "-P", "-m", "grader.sandbox.oneshot", str(theirs.fileno()), "--worker"]
        command += ["--memory", str(budget.memory), *without]
        self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], start_new_session=True)  # noqa: S603  our own
        theirs.close()

    def become(self, role: dict[str, Any], descriptors: list[int]) -> int:
        """Tell it what it is, with the descriptors for that; its process id."""
        socket.send_fds(self._ours, [json.dumps(role).encode()], descriptors)
        self._ours.close()
        self._process.returncode = 0  # the supervisor waits for it; Popen must not
        return self._process.pid

    def dismiss(self) -> None:
        """End a worker that was not needed."""
        self._ours.close()
        self._process.wait()


class OneShot(Supervisor):
    """Starts processes as fresh interpreters; beside the pair that waits, one more is on its way for a crash."""

    def __init__(self, control: socket.socket, layers: tuple[str, ...], budget: Budget) -> None:
        super().__init__(control, layers, budget)
        self._spare = _Worker(layers, budget)

    def _start_submission(self, wire: socket.socket, output: int) -> int:
        return self._next().become({"role": "submission", "parent": os.getpid()}, [wire.fileno(), output])

    def _start_judge(self, inbox: socket.socket) -> int:
        return self._next().become({"role": "judge", "parent": os.getpid()}, [inbox.fileno()])

    def _next(self) -> _Worker:
        worker, self._spare = self._spare, _Worker(self._layers, self._budget)
        return worker

    def serve(self) -> None:
        """Answer the front until it hangs up, then end the worker that was not needed."""
        try:
            super().serve()
        finally:
            self._spare.dismiss()


def _work(control: int, layers: tuple[str, ...], budget: Budget) -> None:
    """The life of a worker: import, learn its role, play it."""
    from grader.sandbox.preload import preload

    preload()
    prepared = isolation.prepare(layers)
    with socket.socket(fileno=control) as line:
        message, descriptors, _, _ = socket.recv_fds(line, REQUEST_LIMIT, 2)
    if not message:
        return
    role = json.loads(message)
    first, *others = descriptors
    if role["role"] == "judge":
        become_judge(role["parent"], socket.socket(fileno=first), None)
    become_submission(prepared, budget, role["parent"], socket.socket(fileno=first), *others)


def main() -> None:
    """Supervise, or with ``--worker`` be one of the interpreters."""
    worker = "--worker" in sys.argv
    options = arguments([argument for argument in sys.argv[1:] if argument != "--worker"])
    layers = tuple(layer for layer in isolation.LAYERS if layer not in options.without)
    budget = Budget(memory=options.memory, cpu_seconds=CPU_SECONDS)
    if worker:
        _work(options.control, layers, budget)
    else:
        OneShot(socket.socket(fileno=options.control), layers, budget).serve()


if __name__ == "__main__":
    main()
