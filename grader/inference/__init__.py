"""What a wrong result equals, where no misconception explains it: a small edit of the declared formula.

It speaks only when it is sure: an edited formula must give the learner's numbers on what the check asked, and on
fresh numbers again. See ``docs/architecture.md``.
"""

from grader.inference.search import explain

__all__ = ["explain"]
