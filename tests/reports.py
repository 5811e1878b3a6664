"""Hand-made reports for the tests of what shows and stores them."""

from __future__ import annotations

from grader.report import CheckResult, Evidence, Report, Status

PASSED = CheckResult("test_shape", "The result keeps shape and dtype", Status.PASSED, 2, 2, seconds=0.01)
VARIANCE = CheckResult(
    "test_z",
    "z for the practice numbers",
    Status.FAILED,
    0,
    3,
    message="z[0] = 0.36, z[1] = 0.695, z[2] = -0.25 are not right.\n"
    "σ² was used where σ belongs. The noise is scaled by a standard deviation, and σ² is a variance.",
    misconception="variance_as_std",
    hint="Which of the three letters is the standard deviation, and is there a square anywhere in the formula?",
    seconds=0.02,
    evidence=Evidence(
        call="reparameterize(mu=[0.2, 0.7, -0.3], sigma=[0.4, 0.1, 0.5], epsilon=[1, -0.5, 0.2])",
        got="[0.36, 0.695, -0.25, 12.25]",
        expected="[0.6, 0.65, -0.2, 12.25]",
    ),
    output="before the loop\nstep 1\nstep 2",
)
RAISED = CheckResult(
    "test_values",
    "reparameterize gives μ + σ·ε on fresh numbers of any shape, in float32 and in float64 alike",
    Status.ERROR,
    0,
    4,
    message="Your code raised RuntimeError: The size of tensor a (3) must match the size of tensor b (4).\n"
    "line 12, in reparameterize: return mu + sigma @ epsilon",
    evidence=Evidence(call="reparameterize(mu=[0.2], sigma=[0.4], epsilon=[1])"),
)
SKIPPED = CheckResult(
    "test_moments", "20 000 draws have the right moments", Status.SKIPPED, 0, 2, message="fix test_values first"
)
NOT_ATTEMPTED = CheckResult(
    "test_recover", "recover_epsilon undoes it", Status.NOT_ATTEMPTED, 0, 2, message="recover_epsilon is to be written"
)
MIXED = (PASSED, VARIANCE, RAISED, SKIPPED, NOT_ATTEMPTED)


def report(*checks: CheckResult, exercise: str = "exercise1_reparameterization", seed: int = 20261107) -> Report:
    """A report with these checks."""
    return Report(exercise, "The reparameterization trick", checks, 0.8412, ("rlimits", "landlock", "seccomp"), seed)
