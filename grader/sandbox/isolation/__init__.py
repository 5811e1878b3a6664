"""The layers that stand between learner code and the machine, each of which holds without the others.

The process that forks calls `prepare` once; each child calls `Prepared.enter` before it runs learner code:

    prepared = prepare()
    ...
    if os.fork() == 0:
        close_descriptors({0, 1, 2, 3, *prepared.descriptors})
        entered = prepared.enter(Budget(memory=2 << 30, cpu_seconds=60), parent_pid)

What a layer cannot do here, for want of a kernel or of rights, is missing with a reason and never an error.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

from grader.sandbox.isolation import identity, landlock, limits, paths, seccomp, syscalls
from grader.sandbox.isolation.limits import Budget, clean_environment, close_descriptors, die_with_parent, undumpable
from grader.sandbox.isolation.syscalls import Unavailable

_T = TypeVar("_T")

__all__ = [
    "LAYERS",
    "Budget",
    "Entered",
    "Prepared",
    "clean_environment",
    "close_descriptors",
    "die_with_parent",
    "missing",
    "prepare",
    "undumpable",
]

LAYERS: Final[tuple[str, ...]] = ("setsid", "pdeathsig", "undumpable", "rlimits", "uid", "landlock", "seccomp")
"""All layers, in the order of reports."""

_ANYWHERE: Final = ("setsid", "rlimits")  # what every POSIX system has

_UNHELD: Final = {
    "setsid": "the process could not leave its parent's session",
    "pdeathsig": "the kernel did not take the request to end with the parent",
    "undumpable": "the kernel did not take the request to stay undumpable",
    "rlimits": "not all of the limits could be set",
    "uid": "the change of user, or the loss of capabilities, did not take effect",
    "landlock": "its rules were taken, and yet / can be opened",
    "seccomp": "its filter was taken, and yet the kernel reports none",
}
"""Why a layer is missing that raised no error: it was looked at after it was set, and it does not hold."""


class Entered(NamedTuple):
    """What came of entering the layers: those that hold, and for each of the others why it does not.

    Both in the order of `LAYERS`.
    """

    active: tuple[str, ...]
    missing: Mapping[str, str]


@dataclass(frozen=True)
class Prepared:
    """The layers as one process made them ready; a forked child inherits them and only has to enter.

    Attributes:
        absent: layer → why it is missing.
        ruleset: descriptor of the Landlock rules.
        program: the seccomp filter.
        user: which user a child becomes.
        keep: capabilities that a child keeps as long as Landlock limits what they are good for.
        unprivileged: whether a child gives up its other capabilities, be it that it changes its user or that it cannot.
    """

    absent: Mapping[str, str]
    ruleset: int | None = None
    program: seccomp.Program | None = None
    user: identity.Plan | None = None
    keep: int = 0
    unprivileged: bool = False

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What a child must leave open until it has entered; `enter` closes it."""
        return () if self.ruleset is None else (self.ruleset,)

    def enter(self, budget: Budget, parent_pid: int) -> Entered:
        """Put this freshly forked, single-threaded process under every layer there is, for good.

        Args:
            budget: what the process may use.
            parent_pid: the pid of the process that forked it.

        Returns:
            The layers that hold, each looked at after it was set, and why the others do not.
        """
        held: set[str] = set()
        why = dict(self.absent)

        def layer(name: str, step: Callable[[], bool]) -> None:
            if name in self.absent:
                return
            try:
                if step():
                    held.add(name)
                else:
                    why[name] = _UNHELD[name]
            except OSError as error:
                why[name] = f"the kernel refused it ({error.strerror})"

        if syscalls.LINUX:
            _attempt(lambda: syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1) == 0)
        # Each takes away what the ones before it need. A change of user cancels the request to die with the parent.
        layer("setsid", limits.own_session)
        layer("uid", self._change_user)
        if self.unprivileged and "uid" not in held:
            _attempt(lambda: identity.limit_capabilities(self.keep))
        layer("pdeathsig", lambda: die_with_parent(parent_pid))
        layer("undumpable", undumpable)
        alone = "uid" in held and self.user is not None and self.user.exclusive
        layer("rlimits", lambda: limits.limit_resources(budget, count_threads=alone))
        layer("landlock", self._restrict_files)
        if self.keep and "landlock" not in held:  # who may read everything must be held to a part of it
            _attempt(lambda: identity.limit_capabilities(0))
        layer("seccomp", self._filter_calls)
        active = tuple(name for name in LAYERS if name in held)
        return Entered(active, {name: why[name] for name in LAYERS if name not in held})

    def _change_user(self) -> bool:
        return self.user is not None and identity.become(self.user, self.keep)

    def _restrict_files(self) -> bool:
        return self.ruleset is not None and landlock.restrict(self.ruleset)

    def _filter_calls(self) -> bool:
        return self.program is not None and seccomp.install(self.program, os.getpid())


def prepare(layers: Collection[str] = LAYERS) -> Prepared:
    """Make ready which of ``layers`` this machine has, for all children that are forked afterwards. It never raises."""
    absent = {name: "left out on request" for name in LAYERS if name not in layers}
    if not syscalls.LINUX:
        absent = {
            name: f"only Linux has it, and this is {platform.system()}" for name in LAYERS if name not in _ANYWHERE
        } | absent
        return Prepared(MappingProxyType(absent))
    ruleset = _ready("landlock", _rules, absent)
    user = _ready("uid", identity.plan, absent)
    program = _ready("seccomp", seccomp.prepare, absent)
    unprivileged = "uid" in layers
    must_read = unprivileged and ruleset is not None and not paths.readable_by_others(paths.python_paths())
    keep = identity.DAC_READ_SEARCH if must_read else 0
    return Prepared(MappingProxyType(absent), ruleset, program, user, keep, unprivileged)


def missing(prepared: Prepared) -> dict[str, str]:
    """The layers that children will lack, each with the reason in words, in the order of `LAYERS`."""
    return {name: prepared.absent[name] for name in LAYERS if name in prepared.absent}


def _ready(layer: str, make: Callable[[], _T], absent: dict[str, str]) -> _T | None:
    """What ``make`` returns, or None and a reason among ``absent``."""
    if layer in absent:
        return None
    try:
        return make()
    except (Unavailable, OSError) as problem:
        absent[layer] = str(problem)
        return None


def _rules() -> int:
    ruleset = landlock.create_ruleset(landlock.version())
    allowed, denied = paths.interpreter_paths(), paths.own_paths()
    read, list_only = paths.readable(allowed, denied), paths.listable(allowed, denied)
    landlock.allow(ruleset, read=read, list_only=list_only, devices=paths.DEVICES)
    return ruleset


def _attempt(step: Callable[[], bool]) -> bool:
    try:
        return step()
    except OSError:
        return False
