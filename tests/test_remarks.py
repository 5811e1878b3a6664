"""Remarks read the learner's text, and only that."""

from __future__ import annotations

import ast

import pytest

from grader.remarks import calls, definition, loops_over, mentions


@pytest.mark.parametrize(
    "loop",
    [
        "for row in x: pass",
        "for i in range(len(x)): pass",
        "for i in range(x.shape[0]): pass",
        "for i in range(0, x.size(0)): pass",
        "for i in range(x): pass",
        "for i, row in enumerate(x): pass",
        "for a, b in zip(x, y): pass",
        "rows = [row * 2 for row in x]",
        "total = sum(row for row in x)",
    ],
)
def test_loops_over_rows_are_seen(loop: str) -> None:
    assert loops_over(ast.parse(loop), "x")


@pytest.mark.parametrize(
    "code", ["for i in range(3): pass", "for row in y: pass", "for i in range(x.shape[1]): pass", "x.sum()", "len(x)"]
)
def test_other_loops_are_not(code: str) -> None:
    assert not loops_over(ast.parse(code), "x")


def test_calls_and_mentions() -> None:
    code = ast.parse("torch.distributions.Normal(mu, sigma).rsample()\nz.detach")
    assert calls(code, "rsample")
    assert calls(code, "Normal")
    assert not calls(code, "detach")
    assert mentions(code, "detach")
    assert not mentions(code, "sample")


def test_the_last_definition_counts_as_in_python() -> None:
    found = definition("def f(): return 1\nclass g: pass\ndef f(): return two\n", "f")
    assert found is not None
    assert mentions(found, "two")
    assert isinstance(definition("class g: pass", "g"), ast.ClassDef)


@pytest.mark.parametrize("source", ["f = 3", "", "def f(:", "x = " + "(" * 5000, "\0", "def g():\n    def f(): pass"])
def test_what_cannot_be_read_gets_no_remark(source: str) -> None:
    assert definition(source, "f") is None
