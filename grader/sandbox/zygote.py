"""The warm process: imports numpy, torch and pytest once, then only forks. Single-threaded, undumpable, no secrets.

Each grading forks the submission first, then the judge; both start from the same clean memory.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from grader.sandbox import isolation
from grader.sandbox.isolation import Budget
from grader.sandbox.preload import preload
from grader.sandbox.supervisor import Supervisor

WIRE = 3
CPU_SECONDS = 300


class Zygote(Supervisor):
    """Starts processes by forking itself."""

    def __init__(
        self, control: socket.socket, layers: tuple[str, ...], budget: Budget, prepared: isolation.Prepared
    ) -> None:
        super().__init__(control, layers, budget)
        self._prepared = prepared
        self._others: list[int] = []

    def _another(self, control: socket.socket) -> None:
        """Fork this process as it was when it had just imported everything: it never holds more than that."""
        self._others = [pid for pid in self._others if os.waitpid(pid, os.WNOHANG)[0] == 0]
        pid = os.fork()
        if pid == 0:
            _leave_on_error(self._become_another, control)
        self._others.append(pid)
        control.close()

    def _become_another(self, control: socket.socket) -> None:
        os.setsid()
        isolation.close_descriptors({0, 1, 2, control.fileno(), *self._prepared.descriptors})
        Zygote(control, self._layers, self._budget, self._prepared).serve()
        os._exit(0)

    def _start_submission(self, wire: socket.socket, output: int) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _leave_on_error(become_submission, self._prepared, self._budget, parent, wire, output)
        return pid

    def _start_judge(self, inbox: socket.socket) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _leave_on_error(become_judge, parent, inbox, _settle)
        return pid


def _leave_on_error(become: Any, *args: Any) -> NoReturn:
    """A forked child never returns into the zygote's loop."""
    try:
        become(*args)
    except BaseException as error:  # noqa: BLE001  whatever it is, this process must end here
        os.write(2, f"sandbox: {type(error).__name__}: {error}\n".encode())
    os._exit(70)


def become_submission(
    prepared: isolation.Prepared, budget: Budget, parent: int, wire: socket.socket, output: int
) -> NoReturn:
    """Turn this process into the untrusted side: four descriptors, an empty environment, every layer, then serve."""
    from grader.sandbox.channel import Channel
    from grader.sandbox.submission_side import run

    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    if wire.fileno() != WIRE:
        os.dup2(wire.fileno(), WIRE, inheritable=False)
        wire.detach()
        wire = socket.socket(fileno=WIRE)
    isolation.close_descriptors({0, 1, 2, WIRE, *prepared.descriptors})
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  they live as long as the process
    sys.stdout = open(1, "w", buffering=1, closefd=False, errors="replace")  # noqa: SIM115  as above
    sys.stderr = sys.stdout
    isolation.clean_environment({"PATH": os.defpath, "HOME": "/", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"})
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    _reseed()  # before the layers: they may take /dev/urandom's older paths away
    entered = prepared.enter(budget, parent)
    channel = Channel(wire)
    channel.send({"layers": ["process", *entered.active], "missing": dict(entered.missing)})
    run(channel)
    os._exit(0)


def become_judge(parent: int, inbox: socket.socket, settle: Callable[[int], None] | None) -> NoReturn:
    """Turn this process into a judge: alone with its inbox.

    Args:
        parent: the supervisor.
        inbox: where its jobs come from.
        settle: what makes a fork of it a judge too; None where it must not fork.
    """
    from grader.judging import judge

    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    isolation.close_descriptors({0, 1, 2, inbox.fileno()})
    _settle(parent)
    sys.dont_write_bytecode = False  # the check file is compiled once, not in every grading
    judge(inbox, settle)
    os._exit(0)


def _settle(parent: int) -> None:
    """What a judge does first, whether it was forked by its supervisor or by a judge that stays."""
    isolation.die_with_parent(parent)
    isolation.undumpable()
    _reseed()


def _reseed() -> None:
    """A fork copies every generator's state: without this both sides would draw the same "random" numbers."""
    import numpy as np
    import torch

    seed = int.from_bytes(os.urandom(4), "little")
    torch.default_generator.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def arguments(argv: list[str]) -> argparse.Namespace:
    """The command line that the front gives: the control socket's descriptor, memory, and the layers to leave out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("control", type=int)
    parser.add_argument("--memory", type=int, required=True)
    parser.add_argument("--without", action="append", default=[])
    return parser.parse_args(argv)


def main() -> None:
    """Preload, then serve the front."""
    options = arguments(sys.argv[1:])
    preload()
    isolation.undumpable()
    gc.collect()
    gc.freeze()
    layers = tuple(layer for layer in isolation.LAYERS if layer not in options.without)
    budget = Budget(memory=options.memory, cpu_seconds=CPU_SECONDS)
    Zygote(socket.socket(fileno=options.control), layers, budget, isolation.prepare(layers)).serve()
    os._exit(0)  # nothing is left to do, and torch takes its time to leave in order


if __name__ == "__main__":
    main()
