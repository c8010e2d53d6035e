"""Bases and a way to run the commands on the test's database."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.orm import Session

from trainhub.cli import main
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction
from trainhub.organisations import operations as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
USCC = "91350100M000100Y43"


def register() -> dict[str, int]:
    """Two bases and an enterprise, by code."""
    made = {}
    with transaction():
        for code, kind, extra in (
            ("B-01", OrganisationKind.BASE, {"region_code": "350102"}),
            ("B-02", OrganisationKind.BASE, {"region_code": "350203"}),
            ("E-01", OrganisationKind.ENTERPRISE, {"uscc": USCC}),
        ):
            made[code] = organisations.register(code=code, kind=kind, name=f"机构{code}", by=SYSTEM, now=NOW, **extra).id
    return made


@pytest.fixture
def bases(app: Flask) -> dict[str, int]:
    """Two bases and an enterprise, by code."""
    with app.app_context():
        return register()


@pytest.fixture
def base(session: Session, bases: dict[str, int]) -> Organisation:
    """The first base."""
    found = session.get(Organisation, bases["B-01"])
    assert found is not None
    return found


def run(app: Flask, *args: str | Path) -> dict[str, Any]:
    """Run a command with --json; the result with `exit_code`."""
    result = CliRunner().invoke(main, [*map(str, args), "--json"], obj={"create_app": lambda: app}, catch_exceptions=False)
    found: dict[str, Any] = json.loads(result.stdout)
    return {**found, "exit_code": result.exit_code}


@pytest.fixture
def command(app: Flask) -> Callable[..., dict[str, Any]]:
    """Run a command on the app of the test."""
    return partial(run, app)
