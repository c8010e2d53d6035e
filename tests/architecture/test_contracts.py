"""The import contracts hold, and each of them catches a planted violation."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.contracts import ROOMS, part_of

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).parent / "lint-imports"
PLANTED = (
    ("courses.catalogue.queries", "enterprises.bases"),
    ("trainhub.kernel.paging", "trainhub.people.models"),
    ("trainhub.ledger.rules", "sqlalchemy"),
    ("trainhub.ledger.queries", "trainhub.oversight"),
    ("trainhub.policy.book", "flask"),
    # Rules are pure.
    ("trainhub.organisations.rules", "trainhub.kernel.access"),
    ("trainhub.people.rules", "trainhub.kernel.i18n"),
    ("courses.gradebook.rules", "trainhub.kernel.db"),
    # The anatomy of a feature.
    ("courses.assessment.types", "courses.assessment.models"),
    ("courses.paths.rules", "courses.paths.queries"),
    ("courses.teaching.rules", "courses.teaching.labels"),
    ("enterprises.mentors.models", "enterprises.mentors.queries"),
    ("courses.analytics.risk_queries", "courses.analytics.operations"),
    ("trainhub.oversight.goals.queries.counting", "trainhub.oversight.goals.operations.keeping"),
    ("enterprises.subsidies.operations", "enterprises.subsidies.forms"),
    ("trainhub.people.operations.teachers", "trainhub.people.teacher_views"),
    ("courses.recognition.operations", "werkzeug"),
    # Edges are private, the doors of other features included.
    ("courses.analytics.views", "courses.messages.views"),
    ("enterprises.awards.steps", "enterprises.bases.forms"),
    ("trainhub.people.wiring", "trainhub.programmes.views"),
    ("trainhub.oversight.home.page", "trainhub.oversight.evaluation.store.views"),
    ("courses.wiring", "trainhub.ledger.tasks"),
)
A_CIRCLE = ("trainhub.kernel.clock", "trainhub.kernel.i18n")
"""The second imports the first already."""
OF_THE_REQUEST = {"request", "session", "flash", "redirect", "abort", "current_user", "acting", "who"}
"""What only edges may take: from flask and flask_login whatever belongs to a request, from kernel.access who acts in it."""
ONLY_EDGES_HAVE_IT = ("flask", "flask_login", "werkzeug", "trainhub.kernel.access")


def _copy(folder: Path) -> None:
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", "_assets", "versions", "translations"))
    (folder / "tests" / "architecture").mkdir(parents=True)
    for name in ("pyproject.toml", "tests/__init__.py", "tests/architecture/__init__.py", "tests/architecture/contracts.py"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "trainhub" / "translations").mkdir()


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINT), "--config", "pyproject.toml", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(folder), "PATH": "", "COLUMNS": "400"},
    )


def _file(folder: Path, module: str) -> Path:
    path = folder / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def test_the_contracts_hold() -> None:
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.fixture(scope="module")
def verdict_on_the_planted(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the linter says of a copy of the house with every planted violation in it."""
    folder = tmp_path_factory.mktemp("planted")
    _copy(folder)
    for importer, imported in (*PLANTED, A_CIRCLE):
        path = _file(folder, importer)
        path.write_text(f"{path.read_text()}\nimport {imported}\n")
    done = _lint(folder)
    assert done.returncode == 1, done.stdout[-3000:]
    return done.stdout.partition("Broken contracts")[2]


@pytest.mark.parametrize(("importer", "imported"), PLANTED)
def test_a_planted_violation_is_caught(verdict_on_the_planted: str, importer: str, imported: str) -> None:
    assert f"{importer} -> {imported}" in verdict_on_the_planted


def test_a_planted_circle_is_caught(verdict_on_the_planted: str) -> None:
    assert "No cycles are allowed in trainhub.kernel." in verdict_on_the_planted


def test_a_new_package_must_be_declared(tmp_path: Path) -> None:
    _copy(tmp_path)
    (tmp_path / "courses" / "gossip").mkdir()
    (tmp_path / "courses" / "gossip" / "__init__.py").write_text('"""Undeclared."""\n')
    assert _lint(tmp_path).returncode == 1


def _inner_modules() -> Iterator[tuple[str, ast.Module]]:
    """Everything below the edges: types, rules, models, queries and operations."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if part_of(module) in ("types", "rules", "models", "queries", "operations") and not module.startswith("trainhub.kernel"):
                yield module, ast.parse(path.read_text())


def _taken_from_the_request(tree: ast.Module) -> list[str]:
    """The names of the request that a module imports or reads."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ONLY_EDGES_HAVE_IT:
            found += [alias.name for alias in node.names if alias.name in OF_THE_REQUEST]
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in ("flask", "access")
            and node.attr in OF_THE_REQUEST
        ):
            found.append(node.attr)
    return found


def test_below_the_edges_nobody_knows_the_request() -> None:
    assert {module: taken for module, tree in _inner_modules() if (taken := _taken_from_the_request(tree))} == {}


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("from flask import request", ["request"]),
        ("from flask import session as kept, current_app", ["session"]),
        ("import flask\nflask.request.form", ["request"]),
        ("from flask_login import current_user", ["current_user"]),
        ("from trainhub.kernel.access import Identity, who", ["who"]),
        ("from trainhub.kernel.db import session", []),
    ],
)
def test_a_planted_request_is_caught(line: str, taken: list[str]) -> None:
    assert _taken_from_the_request(ast.parse(line)) == taken
