"""What we depend on: few packages, each with a reason, a pin and a licence that leaves everybody free."""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "docs" / "audit.py"
_spec = importlib.util.spec_from_file_location("make_audit", SCRIPT)
assert _spec is not None
assert _spec.loader is not None
audit = importlib.util.module_from_spec(_spec)
sys.modules["make_audit"] = audit  # dataclasses look their module up
_spec.loader.exec_module(audit)


def test_every_direct_dependency_has_a_reason_and_a_pin() -> None:
    direct, reasons, pins = audit.direct(), audit.reasons(), audit.pins()
    assert {"torch", "nbgrader", "ruff"} < set(direct)
    assert [name for name in direct if name not in reasons] == []
    assert [name for name in direct if name not in pins] == []
    assert all(len(reasons[name].split()) >= 4 for name in direct)


def test_licences_of_what_is_installed_leave_everybody_free() -> None:
    found = audit.dependencies()
    assert [one.mend for one in found if one.mend] == []
    names = {one.name.lower() for one in found}
    assert {"torch", "jinja2", "markupsafe"} < names
    assert "reparam" not in names
    (indirect,) = (one for one in found if one.name == "MarkupSafe")
    assert (indirect.groups, indirect.development, indirect.kind) == ((), False, audit.PERMISSIVE)


@pytest.mark.parametrize(
    ("licence", "kind"),
    [
        ("MIT", "PERMISSIVE"),
        ("BSD-3-Clause AND 0BSD AND Zlib AND CC0-1.0", "PERMISSIVE"),
        ("Apache License, Version 2.0", "PERMISSIVE"),
        ("LGPL-3.0-only", "WEAK"),
        ("MPL-2.0 AND MIT", "WEAK"),
        ("GNU Lesser General Public License v3 (LGPLv3)", "WEAK"),
        ("GPL-3.0-or-later", "STRONG"),
        ("MIT AND (GPL-2.0-only OR AGPL-3.0-only)", "STRONG"),
        ("GNU Affero General Public License v3", "STRONG"),
        ("GPL-2.0-only OR MIT", "PERMISSIVE"),
        ("GPL-2.0-only AND (MIT OR BSD-3-Clause)", "STRONG"),
        ("as is", "UNKNOWN"),
        ("", "UNKNOWN"),
    ],
)
def test_kinds_of_licences(licence: str, kind: str) -> None:
    assert audit.kind_of(licence) == getattr(audit, kind)


def installed(folder: Path, metadata: str, licence: str = "") -> PathDistribution:
    """A package as pip would have installed it."""
    place = folder / "x-1.dist-info"
    place.mkdir()
    (place / "METADATA").write_text(f"Metadata-Version: 2.4\nName: x\nVersion: 1\n{metadata}\n")
    (place / "LICENSE").write_text(licence)
    (place / "RECORD").write_text("x-1.dist-info/LICENSE,,\n")
    return PathDistribution(place)


@pytest.mark.parametrize(
    ("metadata", "text", "expected"),
    [
        ("License-Expression: MIT\nLicense: GPL", "", ("MIT", "PERMISSIVE")),
        ("License: UNKNOWN\nClassifier: License :: OSI Approved :: BSD License", "", ("BSD License", "PERMISSIVE")),
        ("License: GPLv3\nClassifier: License :: OSI Approved :: MIT License", "", ("GPLv3", "STRONG")),
        ("", "MIT License\n\nCopyright (c) 2025 somebody\n", ("MIT License", "PERMISSIVE")),
        ("", "              GNU GENERAL PUBLIC LICENSE\n  Version 3\n", ("GNU GENERAL PUBLIC LICENSE", "STRONG")),
        ("", "All rights reserved.\n", ("", "UNKNOWN")),
    ],
)  # fmt: skip
def test_where_a_licence_is_said(metadata: str, text: str, expected: tuple[str, str], tmp_path: Path) -> None:
    assert audit.licence_of(installed(tmp_path, metadata, text)) == (expected[0], getattr(audit, expected[1]))


@pytest.mark.parametrize(
    ("kind", "groups", "development", "bad"),
    [
        ("WEAK", ("",), False, True),
        ("WEAK", (), False, False),
        ("WEAK", ("dev",), True, False),
        ("STRONG", (), False, True),
        ("UNKNOWN", (), False, True),
        ("STRONG", (), True, False),
        ("PERMISSIVE", ("",), False, False),
    ],
)
def test_what_has_to_be_mended(kind: str, groups: tuple[str, ...], development: bool, bad: bool) -> None:
    one = audit.Dependency("x", "1", "L", getattr(audit, kind), groups, development)
    assert bool(one.mend) is bad


def test_no_answer_is_no_clean_bill(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """pip-audit itself is content when nobody knows anything."""
    pytest.importorskip("pip_audit")
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("NO_PROXY", raising=False)
    click = audit.Dependency("click", "8.1.7", "MIT", audit.PERMISSIVE, ("",), False)
    assert audit.vulnerabilities([click], ["pypi"]) == ([], [], "pypi could not be reached")


def test_what_is_told_of_a_vulnerability() -> None:
    answer = {
        "name": "x",
        "version": "1",
        "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}, {"id": "CVE-2", "fix_versions": []}],
    }
    assert list(audit._told(answer)) == ["x 1: CVE-1, mended in 2", "x 1: CVE-2, mended in no version yet"]
