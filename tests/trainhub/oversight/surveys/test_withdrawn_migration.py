"""Surveys of before stand, and a year holds one that stands."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tests.courses.discussion.test_migration import AT, put
from trainhub.kernel import migrations

FACTS = {"kind": "demand", "year": 2026, "title": "需求", "opens_on": AT.date(), "closes_on": AT.date(), "created_at": AT}


def test_a_year_holds_one_survey_that_stands(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0128")
    with engine.begin() as connection:
        put(connection, "survey", id=1, **FACTS)
    migrations.upgrade(engine, "0130")
    with pytest.raises(IntegrityError), engine.begin() as connection:
        put(connection, "survey", id=2, **FACTS)
    with engine.begin() as connection:
        put(connection, "survey", id=3, withdrawn_at=AT, **FACTS)
    migrations.downgrade(engine, "0128")
    with engine.connect() as connection:
        assert list(connection.scalars(sa.text("SELECT id FROM survey"))) == [1]
    with pytest.raises(IntegrityError), engine.begin() as connection:
        put(connection, "survey", id=2, **FACTS)
