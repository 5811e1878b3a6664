"""What an attack is, and the submission that it is put into."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

MARK = "reparam-loot"
"""In the name of whatever an attack would leave behind."""

PRELUDE = f'''\
import builtins, ctypes, gc, inspect, mmap, os, random, signal, socket, struct, sys, threading, time, types
import numpy as np
import torch
from torch import nn

MARK = {MARK!r}
libc = ctypes.CDLL(None, use_errno=True)
NUMBERS = {{
    "x86_64": dict(clone3=435, io_uring_setup=425, bpf=321, perf_event_open=298, userfaultfd=323, keyctl=250,
                   add_key=248, pidfd_open=434, pidfd_getfd=438, pidfd_send_signal=424, memfd_create=319,
                   process_vm_readv=310, mount=165, setns=308, sendmsg=46, seccomp=317, open_by_handle_at=304,
                   sendto=44, setsockopt=54, memfd_secret=447, fsopen=430, kcmp=312, quotactl=179, fanotify_init=300),
    "aarch64": dict(clone3=435, io_uring_setup=425, bpf=280, perf_event_open=241, userfaultfd=282, keyctl=219,
                    add_key=217, pidfd_open=434, pidfd_getfd=438, pidfd_send_signal=424, memfd_create=279,
                    process_vm_readv=270, mount=40, setns=268, sendmsg=211, seccomp=277, open_by_handle_at=265,
                    sendto=206, setsockopt=208, memfd_secret=447, fsopen=430, kcmp=272, quotactl=60, fanotify_init=262),
}}[os.uname().machine]


def checked(result):
    """What the C library returned, or the error it left."""
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def syscall(name, *arguments):
    return checked(libc.syscall(NUMBERS[name], *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]))


def attempt(name, act):
    """Try something that must not work; shout if it does."""
    try:
        found = act()
    except (OSError, MemoryError, RuntimeError, ValueError) as error:
        print("refused:", name, type(error).__name__)
    else:
        print("LOOT:", name, repr(found)[:300])


def server():
    """The sandbox's own object in this process, by walking the frames."""
    frame = sys._getframe()
    while frame is not None:
        if type(frame.f_locals.get("self")).__name__ == "Server":
            return frame.f_locals["self"]
        frame = frame.f_back
    return next(thing for thing in gc.get_objects() if type(thing).__name__ == "Server")


def reply(message):
    """Send a frame in the sandbox's own format."""
    server()._channel.send(message)
'''

WRONG = {
    "exercise1": """
z = [0.0, 0.0, 0.0]
def reparameterize(mu, sigma, epsilon): return mu
def recover_epsilon(z, mu, sigma): return z
def sample_latent(mu, logvar, n=None, generator=None): return torch.zeros(mu.shape if n is None else (n, *mu.shape))
""",
    "exercise2": """
def kl_standard_normal(mu, logvar): return (mu**2 + logvar**2).sum(-1)
""",
    "exercise3": """
ones_in_mask = {}
class MaskedConv2d(nn.Conv2d):
    def __init__(self, kind, *a, colors=1, **k): super().__init__(*a, padding=a[2] // 2, **k)
def sample_images(model, n, height, width, generator=None): return torch.zeros(n, 1, height, width)
""",
    "exercise4": """
def generator_loss_minimax(fake_logits): return fake_logits.sum()
def generator_loss_nonsaturating(fake_logits): return fake_logits.sum()
""",
    "exercise6": """
s1 = s2 = s3 = s4 = 0
""",
}
"""Submissions that are wrong without any attack: they earn nothing for the checks that are attacked."""

CHECKS = {
    "exercise1": ("test_z", "test_values", "test_recover_epsilon"),
    "exercise2": ("test_values", "test_reaches_maximum_likelihood"),
    "exercise3": ("test_ones_in_mask", "test_layer_reads", "test_sampling_order"),
    "exercise4": ("test_saturation",),
    "exercise6": ("test_s1", "test_s3"),
}


@dataclass(frozen=True)
class Attack:
    """A hostile submission.

    Args:
        family: what it is after.
        name: its id.
        tries: what it tries, in words.
        code: what is added to the wrong submission.
        exercise: which exercise it pretends to answer.
        checks: which checks it is after.
        slow: whether it costs a time limit.
        told: words that the verdict or the output must hold, as a sign that the attack was really made.
        own_base: earns what it earns: code in the place of the wrong submission.
    """

    family: str
    name: str
    tries: str
    code: str
    exercise: str = "exercise1"
    checks: tuple[str, ...] = ()
    slow: bool = False
    told: str = ""
    own_base: str = field(default="", repr=False)

    @property
    def base(self) -> str:
        """The same submission without the attack."""
        return PRELUDE + (self.own_base or WRONG[self.exercise])

    @property
    def source(self) -> str:
        """The submission with the attack."""
        return f"{self.base}\n{textwrap.dedent(self.code)}"

    @property
    def asked(self) -> tuple[str, ...]:
        """The checks to grade: two are enough for what begins while the file is loaded."""
        return self.checks or CHECKS[self.exercise][: 2 if self.family in ("reading", "escaping") else None]


def in_call(body: str) -> str:
    """Code that runs in every call of exercise 1's function, after all other checks have begun."""
    return "def reparameterize(mu, sigma, epsilon):\n" + textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\n"
