"""A row that comes back from an archive is the row that went into it."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from trainhub.kernel import backup
from trainhub.oversight.surveys.models import Survey
from trainhub.oversight.surveys.types import SurveyKind

AT = datetime(2026, 7, 1, 17, 30, tzinfo=UTC)


def _empty(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Survey).where(sa.type_coerce(Survey.figures, sa.Text).is_(None))) or 0


def test_none_in_a_json_column_is_nothing(session: Session) -> None:
    row = Survey(kind=SurveyKind.GRADUATES, year=2026, title="调查", opens_on=date(2026, 6, 1), closes_on=date(2026, 8, 1), created_at=AT)
    row.figures = None
    session.add(row)
    session.flush()
    assert _empty(session) == 1
    row.figures = {"asked": 1}
    session.flush()
    assert _empty(session) == 0
    row.figures = None
    session.flush()
    assert _empty(session) == 1


def test_a_json_column_that_held_nothing_holds_nothing_again(session: Session) -> None:
    table: Any = Survey.__table__
    row = Survey(kind=SurveyKind.GRADUATES, year=2026, title="调查", opens_on=date(2026, 6, 1), closes_on=date(2026, 8, 1), created_at=AT)
    session.add(row)
    session.flush()
    assert _empty(session) == 1
    written = {name: value for name, value in session.execute(sa.select(table)).mappings().one().items()}
    line = json.dumps({name: backup._encode(value) for name, value in written.items()}) + "\n"
    session.execute(table.delete())
    backup._load(session, table, io.BytesIO(line.encode()))
    assert _empty(session) == 1
