"""A process that grades what it is told, in one warm sandbox: run as root and as an ordinary user."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from grader.core import Sandbox, grade
from grader.course import built_in
from grader.errors import GraderError, UnusableInput
from grader.submission import Submission

MEMORY = 256 << 20
"""Bytes a submission may use here: memory bombs are quick then, and are stopped in the same way."""


def main() -> None:
    """A job as a line of JSON on standard input, its report as one on standard output."""
    with Sandbox(memory=MEMORY) as sandbox:
        sandbox.warm_up()
        print(json.dumps({"pid": os.getpid(), "sandbox": sandbox.pid}), flush=True)  # noqa: T201  that is the answer
        for line in sys.stdin:
            job = json.loads(line)
            exercise = built_in().find(job["exercise"])
            submission = Submission(Path("work.py"), "work.py", job["source"])
            answer = {}
            try:
                answer = grade(exercise, submission, sandbox=sandbox, seed=job["seed"], checks=job["checks"]).to_json()
            except (GraderError, UnusableInput) as error:
                answer = {"problem": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)  # noqa: T201  as above


if __name__ == "__main__":
    main()
