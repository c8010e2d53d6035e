"""A line of a pass list that came in wrongly is withdrawn with a reason, and the right one is a new line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.errors import Refused
from trainhub.oversight.talents import operations, own_queries, queries
from trainhub.oversight.talents.models import ExamPass
from trainhub.oversight.talents.types import ExamKind, ExamLevel

AsRole = Callable[..., FlaskClient]
SPAN = (date(2026, 1, 1), date(2026, 12, 31))


def _line(level: ExamLevel, now: Any) -> ExamPass:
    return operations.add_pass(
        exam=ExamKind.SOFTWARE,
        level=level,
        subject="软件设计师",
        certificate_no="24321140001",
        name="林晓彤",
        id_number_hash="h",
        id_mask="3501***",
        person_id=None,
        passed_on=date(2026, 5, 24),
        now=now,
    )


def test_a_wrong_line_is_withdrawn_and_the_number_comes_in_again(session: Session, as_role: AsRole) -> None:
    now = clock.now()
    wrong = _line(ExamLevel.JUNIOR, now)
    with pytest.raises(Refused, match="理由"):
        operations.withdraw_pass(line=wrong, reason=" ", by=SYSTEM, now=now)
    later = now + timedelta(hours=1)
    operations.withdraw_pass(line=wrong, reason="级别有误", by=SYSTEM, now=later)
    operations.withdraw_pass(line=wrong, reason="再点一次", by=SYSTEM, now=later)
    assert wrong.withdrawn_reason == "级别有误"
    assert queries.by_certificates(["24321140001"]) == {}
    right = _line(ExamLevel.INTERMEDIATE, later)
    assert queries.by_certificates(["24321140001"]) == {"24321140001": right}
    assert queries.pass_counts(*SPAN, now) == [("software", "junior", 1)]  # an earlier report comes out again
    assert queries.pass_counts(*SPAN, later) == [("software", "intermediate", 1)]
    session.commit()
    client, reader = as_role(Role.DEPT_HR), as_role(Role.AUDITOR)
    where = f"/talents/exams/{right.id}/withdraw"
    assert reader.post(where, data={"reason": "误"}).status_code == 403
    assert client.post(where, data={"reason": ""}).status_code == 422
    assert client.post(where, data={"reason": "另一人的证书"}).status_code == 303
    client.get("/talents/exams")  # the page that says what was done says the word once more
    text = client.get("/talents/exams").text
    assert (text.count("已撤销"), "另一人的证书" in text) == (2, True)
    assert "共 2 条" in text
    assert "24321140001" not in client.get("/talents/exams.csv").text


def test_who_asks_what_is_kept_of_them_reads_the_withdrawn_line_too(session: Session) -> None:
    now = clock.now()
    line, person = _line(ExamLevel.JUNIOR, now), ground.person()
    line.person_id = person.id
    session.flush()
    operations.withdraw_pass(line=line, reason="另一人的证书", by=SYSTEM, now=now)
    assert queries.passes_of(person.id) == []
    (told,) = session.execute(own_queries.exams(person.id).statement).all()
    assert (told.document_no, told.reason, told.withdrawn_at is None) == ("24321140001", "另一人的证书", False)
