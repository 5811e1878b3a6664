"""Grade a right and a wrong submission of every exercise, with the very commands a learner types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
SUBMISSIONS = ROOT / "tests" / "submissions"


def main() -> int:
    """Run the demo; 0 if every right submission passed and every wrong one failed."""
    surprises = 0
    for folder in sorted(SUBMISSIONS.iterdir()):
        verdicts = yaml.safe_load((folder / "verdicts.yaml").read_text())
        for kind, name, code in (("right", verdicts["right"][0], 0), ("wrong", verdicts["demo"], 1)):
            path = (folder / kind / name).relative_to(ROOT)
            short = folder.name.split("_")[0]
            print(f"\n$ grade {short} --submission {path}", flush=True)
            command = [sys.executable, "-P", "-m", "grader.cli", short, "--submission", str(path)]
            surprises += subprocess.run(command, cwd=ROOT, check=False).returncode != code
    print("\nNow it is your turn:")
    print("  . .venv/bin/activate\n  grade init my-exercises\n  cd my-exercises\n  grade --watch")
    print("Then open exercises/exercise1_reparameterization.py in your editor, fill a place, and save.")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
