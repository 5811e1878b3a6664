"""What a process imports once so that its forks need not: numpy, torch, pytest, single-threaded and without GPUs."""

from __future__ import annotations

import importlib
import os
import sys
import types
from typing import Any

ENVIRONMENT = {
    # One thread before any parallel work: else a forked child hangs in OpenMP.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    # On CUDA builds the first backward would start threads.
    "CUDA_VISIBLE_DEVICES": "",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}

FOR_THE_FORKS = (
    "numpy.fft",
    "numpy.linalg",
    "numpy.random",
    "pytest",
    "_pytest._argcomplete",
    "_pytest.helpconfig",
    "_pytest.main",
    "_pytest.mark",
    "_pytest.python",
    "_pytest.reports",
    "_pytest.runner",
    "_pytest.skipping",
    "torch.distributions",
    "torch.func",
    "torch.nn.utils.parametrizations",
    "grader.diagnosis",
    "grader.judging",
    "grader.plugin",
    "grader.replays",
    "grader.sandbox.judge_side",
    "grader.sandbox.submission_side",
)
"""What the forks use, and would otherwise import in every grading. None of it is a check."""


class _DynamoStandIn(types.ModuleType):
    """Stands for ``torch._dynamo``, which every optimizer imports (1 s, 800 modules) only to switch it off.

    Any other use of it brings the real module in.
    """

    @staticmethod
    def graph_break(*_: Any, **__: Any) -> None:
        """Nothing is being traced."""

    @staticmethod
    def disable(function: Any = None, *_: Any, **__: Any) -> Any:
        """Nothing is being traced: the function is as it is."""
        return function if function is not None else lambda inner: inner

    def __getattr__(self, name: str) -> Any:
        if name in ("__file__", "__spec__", "__wrapped__"):
            raise AttributeError(name)
        if sys.modules.get("torch._dynamo") is self:
            import torch

            del sys.modules["torch._dynamo"]
            vars(torch).pop("_dynamo", None)
        return getattr(importlib.import_module("torch._dynamo"), name)


def preload() -> None:
    """Import and warm up. Holds nothing secret: no check, no submission."""
    os.environ.update(ENVIRONMENT)
    sys.dont_write_bytecode = True
    import torch

    torch.set_num_threads(1)
    # glibc gives memory of some size back as soon as it is freed, so that a training takes and clears the same pages in
    # every step (a fifth of exercise 3's time), until it has once seen a block like this: up to there it keeps them.
    torch.empty(30 << 20, dtype=torch.uint8)
    if "torch._dynamo" not in sys.modules:
        stand_in = _DynamoStandIn("torch._dynamo")
        sys.modules["torch._dynamo"] = stand_in
        vars(torch)["_dynamo"] = stand_in
    for name in FOR_THE_FORKS:
        importlib.import_module(name)
    _warm_up()


def _warm_up() -> None:
    """One pass over the usual kernels, so that lazy imports and dispatch tables are settled before the fork.

    Backward on the CPU starts no thread.
    """
    import torch
    from torch import nn

    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(72, 4))
    optimizer = torch.optim.Adam(model.parameters())
    torch.manual_seed(0)  # looks for accelerators at its first call
    batch = torch.randn(2, 1, 8, 8)
    model(batch).pow(2).mean().backward()
    optimizer.step()
    optimizer.zero_grad()
    torch.func.functional_call(model, dict(model.named_parameters()), batch)
    point = torch.randn(3, requires_grad=True)
    (gradient,) = torch.autograd.grad((point**3).sum(), point, create_graph=True)
    gradient.sum().backward()
    torch.distributions.kl_divergence(torch.distributions.Normal(0.0, 1.0), torch.distributions.Normal(1.0, 2.0))
