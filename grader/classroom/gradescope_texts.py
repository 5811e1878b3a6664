"""What a released autograder holds as text: Gradescope's two scripts, what to install, a README."""

from __future__ import annotations

from grader.course import Course, Exercise

SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, when the autograder is built: Python, and reparam with what it needs.
set -euo pipefail
source="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(dirname "$source")"

usable() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
install() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }

python=""
for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if usable "$name"; then python="$name"; break; fi
done
if [ -z "$python" ]; then
    apt-get update
    install python3 python3-venv
    python=python3
    if ! usable python3; then install python3.11 python3.11-venv; python=python3.11; fi  # Ubuntu 22.04
fi

"$python" -m venv "$root/venv"
# With a folder of wheels nothing is fetched; README.md says how to fill it.
offline=()
if [ -d "$source/wheels" ]; then offline=(--no-index --find-links "$source/wheels"); fi
cd "$source"
"$root/venv/bin/python" -m pip install --disable-pip-version-check --no-cache-dir "${offline[@]}" -r requirements.txt

# For the build's log: which layers of the sandbox there are. What is missing stops nothing.
"$root/venv/bin/grade" doctor || true
"""

RUN = """\
#!/usr/bin/env bash
# Gradescope runs a copy of this for each submission; it lies beside source/, the original inside.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
if [ -e "$root/settings.json" ]; then root="$(dirname "$root")"; fi
exec "$root/venv/bin/python" -P -m grader.classroom.autograder "$root"
"""


def requirements(wheel: str) -> str:
    """What pip installs.

    Args:
        wheel: the name of reparam's own, which lies beside.
    """
    return f"# This very reparam. What it needs is said in it; torch is most of that.\n./{wheel}\n"


def readme(course: Course, exercises: list[tuple[Exercise, int]], wheel: str) -> str:
    """What to do with the folder.

    Args:
        course: the course.
        exercises: those that are graded, and their points.
        wheel: the name of reparam's own.
    """
    rows = "\n".join(f"| `{one.name}.py` (or `.ipynb`) | {one.title} | {points} |" for one, points in exercises)
    total = sum(points for _, points in exercises)
    return f"""\
# {course.title}, for Gradescope

| students hand in | about | points |
|---|---|---|
{rows}

1. On Gradescope: *Create Assignment → Programming Assignment*, autograder points {total}.
2. *Configure Autograder*: a base image with Ubuntu 22.04 or newer; upload `autograder.zip`. Building takes minutes, for
   torch is large. The log ends with what `grade doctor` found there.
3. *Test Autograder* with a solution of yours.
4. *Settings*: as much memory and processor as there is to choose; a timeout of 10 minutes or more.

In `autograder/`, which `autograder.zip` is made of:

- `setup.sh` installs `requirements.txt`. Put the line `--extra-index-url …` that the site of PyTorch gives for machines
  without a graphics card above the others in it, and the image is some gigabytes smaller.
- Without a network: `pip download -d wheels -r requirements.txt` in `autograder/`, on a machine like theirs with the
  same Python, fills a folder `wheels`, and `setup.sh` takes everything from there.
- `run_autograder` grades one submission and writes `results.json`.
- `settings.json` has the seed. Each submission's numbers are drawn from it and from Gradescope's number of the
  submission, so running it again gives the same marks. Students should not know it.
- `{wheel}` is this very reparam.

Run the same `grade release gradescope` again after an update, or to zip the folder anew: what you have changed is kept.
"""
