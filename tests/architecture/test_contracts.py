"""The import contracts hold, and they catch a planted violation."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).parent / "lint-imports"


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINT), "--config", "pyproject.toml", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(folder), "PATH": ""},
    )


def test_the_contracts_hold() -> None:
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("courses/catalogue/queries.py", "import enterprises.bases"),
        ("trainhub/kernel/paging.py", "import trainhub.people.models"),
        ("trainhub/ledger/rules.py", "import sqlalchemy"),
        ("trainhub/ledger/queries.py", "import trainhub.oversight"),
        ("trainhub/policy/book.py", "import flask"),
    ],
)
def test_a_planted_violation_is_caught(tmp_path: Path, file: str, line: str) -> None:
    for room in ("trainhub", "courses", "enterprises"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "_assets"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / file
    planted.write_text(planted.read_text() + f"\n{line}\n")
    done = _lint(tmp_path)
    assert done.returncode == 1, done.stdout[-3000:]
    assert "BROKEN" in done.stdout


def test_a_new_package_must_be_declared(tmp_path: Path) -> None:
    for room in ("trainhub", "courses", "enterprises"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "_assets"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "courses" / "gossip").mkdir()
    (tmp_path / "courses" / "gossip" / "__init__.py").write_text('"""Undeclared."""\n')
    assert _lint(tmp_path).returncode == 1
