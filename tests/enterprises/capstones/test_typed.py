"""What is typed is kept as it was typed or refused in words: no grade is rounded, no day is replaced by today, no name is cut."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW
from trainhub.kernel.access import SYSTEM, Role

AsRole = Callable[..., FlaskClient]


@pytest.fixture
def as_role(session: Session, as_role: AsRole) -> AsRole:
    """Requests share the test's session: what was read before ends here, so that a refusal rolls back its own request only."""

    def made(*roles: Role, **scope: object) -> FlaskClient:
        session.commit()
        return as_role(*roles, **scope)

    return made


def _head(as_role: AsRole, found: make.Case) -> FlaskClient:
    return as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id, person_id=ground.person().id)


@pytest.mark.parametrize("score", ["nan", "inf", "-inf", "1e2", "89.95", "100.1", "-0.1", "²", "9" * 30, "1_0"])
def test_a_decided_score_is_a_number_of_the_scale_or_refused(session: Session, as_role: AsRole, score: str) -> None:
    found = make.graded()
    operations.moderate(capstone=found.capstone, reason="核对", by=SYSTEM, now=NOW)
    key = found.capstone.id
    answer = _head(as_role, found).post(f"/capstones/{key}/moderation/settle", data={"score": score, "note": "核对原始数据后更改"})
    assert (answer.status_code, "最多一位小数" in answer.text, "核对原始数据后更改</textarea>" in answer.text) == (422, True, True)
    assert queries.by_id(key).score_x10 == 800  # type: ignore[union-attr]


@pytest.mark.parametrize(("score", "kept"), [("89.9", 899), ("89.90", 899), ("100", 1000), ("0", 0), ("", 800)])
def test_a_decided_score_is_kept_as_it_was_typed(session: Session, as_role: AsRole, score: str, kept: int) -> None:
    found = make.graded()
    operations.moderate(capstone=found.capstone, reason="核对", by=SYSTEM, now=NOW)
    key = found.capstone.id
    answer = _head(as_role, found).post(f"/capstones/{key}/moderation/settle", data={"score": score, "note": "核对原始数据后更改"})
    assert answer.status_code == 303
    session.expire_all()
    assert queries.by_id(key).score_x10 == kept  # type: ignore[union-attr]


@pytest.mark.parametrize("day", ["abc", "2026-02-30", "2026/03/01", "3"])
def test_a_deadline_that_is_no_day_is_not_taken_for_today(session: Session, as_role: AsRole, day: str) -> None:
    found, reviewer = make.case(), make.signer()
    make.submit(found)
    key, head = found.capstone.id, _head(as_role, found)
    for at in (f"/capstones/{key}/reviews", f"/capstones/cohorts/{found.programme.code}/2023/judging/cross"):
        answer = head.post(at, data={"person_id": reviewer.id, "kind": "blind", "due_on": day})
        assert (answer.status_code, f"日期“{day}”不存在" in answer.text) == (422, True)
    assert queries.reviews_of(key) == []
