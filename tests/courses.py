"""Small courses of one exercise, whole or with one thing broken, for tests of what a course's author meets."""

from __future__ import annotations

from pathlib import Path

from grader.author import write_stubs
from grader.course import Course
from grader.errors import UnusableInput

COURSE = """\
title: A small course
exercises:
  - name: exercise1_double
    title: Doubling
    minutes: 5
"""

SOLUTION = '''\
six = None
### BEGIN SOLUTION
six = 6.0
### END SOLUTION


def double(x):
    """Twice x, a tensor."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
'''

CHECKS = '''\
"""Checks of a small exercise."""

import torch

from grader.checking import *
from grader.checking import counts_with, misconception, points, reference, requires, training

@reference()
def double(x):
    return x + x

@by_hand()
def six(f):
    return f.double(torch.tensor(3.0))

@points(1)
def test_six(learner, rng):
    """Twice three, by hand."""
    assert_answer(learner, "six")

@points(2)
def test_values(learner, rng):
    """double doubles."""
    x = rng.normal(4)
    assert_close(learner.double(x), 2 * x)

@misconception("double", fails="test_values", says="x was squared", why="2·x is not x²", look="What is double 3?")
def squared(x):
    return x * x

@misconception("double", fails="test_values", says="x came back", why="twice x is more", look="Where is the 2?")
def same(x):
    return x
'''


def small_course(folder: Path, *, course: str = COURSE, solution: str = SOLUTION, checks: str = CHECKS) -> Course:
    """Write a course to a folder, with its stub where one can be made, and open it."""
    texts = {
        "exercises/course.yaml": course,
        "solutions/exercise1_double.py": solution,
        "checks/exercise1_double.py": checks,
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    found = Course.open(folder)
    try:
        write_stubs(found)
    except UnusableInput:
        (folder / "exercises" / "exercise1_double.py").write_text("x = None\n", encoding="utf-8")
    return found
