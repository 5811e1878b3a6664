"""What we depend on: why, under which licence, and with which known vulnerabilities. `make audit` runs it.

Licences are read from what is installed, so they need no network. Vulnerabilities are asked for with pip-audit; where
nobody answers, that is said and the exit code is that of the licences.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
DEVELOPMENT = "dev"

PERMISSIVE, WEAK, STRONG, UNKNOWN = range(4)
"""May be used in anything; its own files stay open (LGPL, MPL); all around it opens (GPL, AGPL); nobody says."""

# In this order: LGPL has GPL in its name.
_KINDS = (
    (WEAK, r"\bLGPL|Lesser General|\bMPL\b|Mozilla|\bEPL\b|Eclipse"),
    (STRONG, r"GPL|General Public|Affero|\bSSPL|Commons Clause|\bBUSL|proprietary"),
    (PERMISSIVE, r"\b(MIT|BSD|0BSD|Apache|ISC|ISCL|PSF|PSFL|Zlib|CC0|Unlicense|HPND)\b|BSL-1\.0"),
    (PERMISSIVE, "Python Software Foundation|Permission is hereby granted, free"),
)  # fmt: skip
_WORDS = {PERMISSIVE: "MIT", WEAK: "MPL", STRONG: "GPL", UNKNOWN: "?"}
_SERVICES = ("pypi", "osv")
_PATIENCE = 600.0  # seconds
_EXPRESSION = 200  # characters; what is longer is the text of a licence, in which OR is a word like others
_SHOWN = 60


@dataclass(frozen=True)
class Dependency:
    """A package that reparam needs, as it is installed.

    Args:
        name: as its project writes it.
        version: the installed one.
        licence: in its project's words.
        kind: PERMISSIVE, WEAK, STRONG or UNKNOWN.
        groups: where ``pyproject.toml`` names it: "" for everybody, or extras; empty if it came with another.
        development: whether only those who work on reparam get it.
    """

    name: str
    version: str
    licence: str
    kind: int
    groups: tuple[str, ...]
    development: bool

    @property
    def mend(self) -> str:
        """What is wrong with its licence; empty when nothing is."""
        said = f"{self.name} is under {self.licence or 'no licence that it names'}"
        if self.groups and not self.development and self.kind != PERMISSIVE:
            return f"{said}. What we import ourselves has to be permissive: do without it."
        if not self.development and self.kind in (STRONG, UNKNOWN):
            return f"{said}, and comes with what we import: find out which package brings it, and do without that."
        return ""


def direct() -> dict[str, tuple[str, ...]]:
    """What ``pyproject.toml`` names: package → groups, "" for what everybody gets."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    found: dict[str, tuple[str, ...]] = {}
    for group, requirements in groups.items():
        for name in (canonicalize_name(Requirement(one).name) for one in requirements):
            if name != project["name"]:
                found[name] = (*found.get(name, ()), group)
    return found


def reasons() -> dict[str, str]:
    """Why we depend on each: the table of ``docs/architecture.md``."""
    section = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("\n## Dependencies\n")[2]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", section.partition("\n## ")[0], flags=re.MULTILINE)
    return {
        canonicalize_name(name.strip()): why.strip()
        for names, why in rows
        for name in re.sub(r"\([^)]*\)", "", names).split(",")
    }


def pins() -> dict[str, str]:
    """The version of each package in ``constraints.txt``."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pinned}


def dependencies() -> list[Dependency]:
    """Everything that is installed because reparam, or what it needs, asks for it; sorted by name."""
    named = direct()
    used = _reached(set(named) - {name for name, groups in named.items() if groups == (DEVELOPMENT,)})
    found = []
    for name in sorted(_reached(set(named))):
        about = importlib.metadata.distribution(name)
        licence, kind = licence_of(about)
        found.append(
            Dependency(about.metadata["Name"], about.version, licence, kind, named.get(name, ()), name not in used)
        )
    return found


def _reached(names: set[str]) -> set[str]:
    """These packages and whatever they need in turn, as far as it is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [one for some in (project["dependencies"], *project["optional-dependencies"].values()) for one in some]
    extras: dict[str, set[str]] = {}
    for one in map(Requirement, asked):
        extras.setdefault(canonicalize_name(one.name), set()).update(one.extras)
    waiting = [(name, extra) for name in names for extra in ("", *extras.get(name, set()))]
    seen: set[tuple[str, str]] = set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        try:
            needs = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        seen.add((name, extra))
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(need.name), inner) for inner in ("", *need.extras)]
    return {name for name, _ in seen}


def licence_of(about: importlib.metadata.Distribution) -> tuple[str, int]:
    """A package's licence in its own words, and its kind: from the first place that says something known."""
    for said in _said(about):
        words = " ".join(said.split())
        kind = kind_of(words) if len(words) <= _EXPRESSION else _kind(words)
        if kind != UNKNOWN:
            return (words if len(words) <= _SHOWN else f"{words[:_SHOWN]}…"), kind
    return "", UNKNOWN


def _said(about: importlib.metadata.Distribution) -> Iterator[str]:
    metadata = about.metadata
    yield from metadata.get_all("License-Expression") or []
    whole = "".join(metadata.get_all("License") or []).strip()
    yield whole if "\n" not in whole else ""
    classifiers = (one.split(" :: ") for one in metadata.get_all("Classifier") or [])
    yield " AND ".join(parts[-1] for parts in classifiers if parts[0] == "License" and len(parts) > 2)
    yield whole[:400]
    for file in about.files or []:
        if re.match(r"(?i)licen[cs]e|copying", file.name) and ".dist-info" in str(file):
            text = file.read_text(encoding="utf-8").strip()
            yield text.partition("\n")[0]
            yield text[:400]


def kind_of(licence: str) -> int:
    """The kind of a licence: of what must all be kept (AND) the strictest counts, of a choice (OR) the mildest."""
    while inner := re.search(r"\(([^()]*)\)", licence):
        licence = f"{licence[: inner.start()]}{_WORDS[kind_of(inner[1])]}{licence[inner.end() :]}"
    choices = re.split(r"\sOR\s", licence)
    return min(max(_kind(part) for part in re.split(r"\sAND\s", choice)) for choice in choices)


def _kind(part: str) -> int:
    return next((kind for kind, pattern in _KINDS if re.search(pattern, part, re.IGNORECASE)), UNKNOWN)


def vulnerabilities(
    found: Sequence[Dependency], services: Sequence[str] = _SERVICES
) -> tuple[list[str], list[str], str]:
    """What pip-audit knows of the installed versions, from the first service that knows any of them.

    Returns:
        A line for each vulnerability; the packages that nobody could say anything of; why nothing was asked at all,
        or empty.
    """
    why: list[str] = []
    for service in services:
        with tempfile.TemporaryDirectory() as folder:
            wanted = Path(folder) / "requirements.txt"
            # torch 2.13.0+cpu is 2.13.0 to those who collect vulnerabilities.
            wanted.write_text("".join(f"{one.name}=={one.version.partition('+')[0]}\n" for one in found))
            words = ["-r", str(wanted), "--no-deps", "--disable-pip", "-f", "json", "-s", service]
            command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", *words]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
            except subprocess.TimeoutExpired:
                why.append(f"{service} did not answer")
                continue
        if "No module named pip_audit" in done.stderr:
            return [], [], "pip-audit is not installed; try: pip install pip-audit"
        try:
            answers = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError):
            why.append(f"{service} could not be reached")
            continue
        unknown = [answer["name"] for answer in answers if "skip_reason" in answer]
        if len(unknown) < len(answers):
            return [line for answer in answers for line in _told(answer)], unknown, ""
        why.append(f"{service} knows none of these packages")
    return [], [], "; ".join(why)


def _told(answer: dict[str, object]) -> Iterator[str]:
    known = answer.get("vulns")
    for one in known if isinstance(known, list) else []:
        mended = ", ".join(one.get("fix_versions") or []) or "no version yet"
        yield f"{answer['name']} {answer['version']}: {one['id']}, mended in {mended}"


def main() -> int:
    """Print the report; 1 if a licence or a vulnerability has to be dealt with."""
    found = dependencies()
    why = reasons()
    names = {PERMISSIVE: "", WEAK: "  (its own files stay open)", STRONG: "  (GPL)", UNKNOWN: "  (?)"}
    print("Direct dependencies, and why")
    for one in (one for one in found if one.groups):
        groups = ", ".join(group for group in one.groups if group)
        title = f"{one.name} {one.version}" + (f" (extra {groups})" if groups else "")
        print(f"  {title:<44} {one.licence}{names[one.kind]}\n      {why.get(canonicalize_name(one.name), '—')}")
    for title, development in (("What comes with them", False), ("What only developers get", True)):
        print(f"\n{title}")
        for one in (one for one in found if not one.groups and one.development is development):
            print(f"  {one.name + ' ' + one.version:<44} {one.licence}{names[one.kind]}")
    missing = sorted(set(direct()) - {canonicalize_name(one.name) for one in found})
    bad = [one.mend for one in found if one.mend]
    lines, unknown, silent = vulnerabilities(found)
    print(f"\nLicences of {len(found)} packages: {'; '.join(bad) or 'nothing to mend'}.")
    if missing:
        print(f"Not installed, so not looked at: {', '.join(missing)}. `make setup` installs everything.")
    if silent:
        print(f"Known vulnerabilities: NOT CHECKED ({silent}).")
    else:
        print(f"Known vulnerabilities of {len(found) - len(unknown)} packages: {len(lines) or 'none'}.")
        print("".join(f"  {line}\n" for line in lines), end="")
        if unknown:
            print(f"Not checked, because nobody knows them: {', '.join(unknown)}.")
    return 1 if bad or lines else 0


if __name__ == "__main__":
    sys.exit(main())
