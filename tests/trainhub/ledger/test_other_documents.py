"""A passport was renewed, a permit came before a resident card: the two numbers wait for an eye although no birth date tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.trainhub.ledger.conftest import NOW
from tests.trainhub.ledger.rosters import resident, row, write
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import PossibleDuplicate, TrainingRecord

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("bases")]
Command = Callable[..., dict[str, Any]]
PASSPORT, RENEWED = {"id_type": "passport", "id_number": "E12345678"}, {"id_type": "passport", "id_number": "EA7654321"}
HOME = {"id_type": "mainland_permit_tw", "id_number": "12345678"}


@pytest.mark.parametrize(
    ("first", "second", "pairs"),
    [
        ({"name": "LI MING"} | PASSPORT, {"name": "Li  Ming", "base_code": "B-02"} | RENEWED, 1),
        ({"name": "陈伟"} | HOME, {"name": "陈伟", "id_number": resident(5, prefix="830000")}, 1),
        ({"name": "陈伟"} | HOME, {"name": "陈伟", "id_number": resident(5), "base_code": "B-02"}, 0),
        ({"name": "陈伟"} | HOME, {"name": "陈维"} | PASSPORT, 0),
        ({"name": "陈伟", "id_number": resident(5)}, {"name": "陈伟"} | HOME, 1),
        ({"name": "陈伟", "id_number": resident(5)}, {"name": "陈伟", "id_number": resident(6)}, 1),
    ],
)
@pytest.mark.parametrize("is_one_file", [False, True])
def test_who_may_be_one_waits_for_an_eye(
    command: Command, session: Session, tmp_path: Path, first: dict[str, str], second: dict[str, str], pairs: int, is_one_file: bool
) -> None:
    lines = [row(1, **first), row(2, **{"course": "另一门"} | second)]
    for n, some in enumerate([lines] if is_one_file else [[line] for line in lines]):
        found = command("trainees", "import", write(tmp_path / f"{n}.csv", some))
        assert found["rejected"] == 0, found
    assert len(session.scalars(select(PossibleDuplicate)).all()) == pairs


def test_a_name_that_many_bear_does_not_flood_the_queue(command: Command, session: Session, tmp_path: Path, count_queries: list[str]) -> None:
    many = [row(n, name="陈伟", base_code="B-02") for n in range(1, 301)]
    command("trainees", "import", write(tmp_path / "many.csv", many))
    known = len(session.scalars(select(PossibleDuplicate)).all())
    count_queries.clear()
    command("trainees", "import", write(tmp_path / "one.csv", [row(999, name="陈伟", **HOME)]))
    assert len(session.scalars(select(PossibleDuplicate)).all()) == known
    assert len(count_queries) < 60


def test_the_page_says_which_documents(command: Command, as_role: Callable[..., FlaskClient], tmp_path: Path) -> None:
    command("trainees", "import", write(tmp_path / "a.csv", [row(1, name="LI MING", **PASSPORT), row(2, name="Li Ming", **RENEWED)]))
    page = as_role(Role.DEPT_HR).get("/trainees/duplicates/")
    assert page.status_code == 200
    assert "护照" in page.text
    assert "可能换过证件" in page.text, "why they wait"
    assert "（姓名：Li Ming）" in page.text


def test_a_completion_that_was_cancelled_brings_nobody_together(command: Command, session: Session, tmp_path: Path) -> None:
    command("trainees", "import", write(tmp_path / "a.csv", [row(1, name="陈伟", **HOME)]))
    record = session.scalars(select(TrainingRecord)).one()
    with transaction():
        ledger.cancel_record(record_id=record.id, reason="误记", by=SYSTEM, now=NOW)
    command("trainees", "import", write(tmp_path / "b.csv", [row(2, name="陈伟", course="另一门")]))
    assert session.scalars(select(PossibleDuplicate)).all() == []
