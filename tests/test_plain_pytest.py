"""Authors run the same checks with pytest itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from grader.course import built_in

EXERCISE = built_in().find("exercise1")
ROOT = Path(__file__).parent.parent


def run(submission: Path, *options: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "grader.plugin", "-p", "no:cacheprovider", "-q"]
    command += ["--submission", str(submission), *options, str(EXERCISE.checks)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, input=answer, check=False, timeout=120)


def test_the_solution_passes_and_a_wrong_file_fails_with_its_misconception(tmp_path: Path) -> None:
    right = run(EXERCISE.solution, "-k", "test_z or test_values")
    assert right.returncode == 0, right.stdout + right.stderr
    wrong = tmp_path / "wrong.py"
    wrong.write_text(EXERCISE.solution.read_text().replace("mu + sigma * epsilon", "mu + sigma**2 * epsilon"))
    result = run(wrong, "-k", "test_values")
    assert result.returncode == 1
    assert "σ² was used where σ belongs" in result.stdout


def test_a_failing_check_can_be_debugged(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text(EXERCISE.solution.read_text().replace("mu + sigma * epsilon", "mu - sigma * epsilon"))
    result = run(wrong, "-k", "test_values", "--pdb", answer="p learner\nq\n")
    assert "(Pdb)" in result.stdout
    assert "RemoteLearner" in result.stdout


def test_an_unusable_file_is_a_message(tmp_path: Path) -> None:
    result = run(tmp_path / "nothing.py")
    assert result.returncode == 4
    assert "nothing.py" in result.stderr
    assert "Traceback" not in result.stderr
