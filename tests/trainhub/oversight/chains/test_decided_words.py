"""What two persons corrected on a programme certificate stands until its records change."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import TODAY, corrected
from tests.trainhub.oversight.chains.test_mending import _issued, _withdraw
from trainhub.certificates import queries as certificates
from trainhub.oversight.chains import mending
from trainhub.programmes import queries as programmes

pytestmark = pytest.mark.database


@pytest.mark.parametrize("facts", [{"capstone": "压装机控制系统（修订）"}, {"weeks": "40"}])
def test_no_rule_undoes_what_two_persons_decided(session: Session, facts: dict[str, str]) -> None:
    session.expire_on_commit = False
    student, made = _issued(session)
    new = corrected(made, facts=facts)
    programme = programmes.by_id(student.programme_id)
    assert programme is not None
    assert mending.may_be_due(programme, today=TODAY) == []
    assert mending.judge(student=student, today=TODAY, now=ground.NOW) == ""
    held = certificates.by_asked_key(made.asked_key)
    assert held is not None
    assert (held.id, {name: held.facts[name] for name in facts}) == (new.id, facts)


def test_weeks_that_go_afterwards_are_corrected_and_the_decided_title_stays(session: Session) -> None:
    session.expire_on_commit = False
    student, made = _issued(session, days=161)
    title, weeks = "压装机控制系统（修订）", made.facts["weeks"]
    corrected(corrected(made, facts={"capstone": title}), facts={"weeks": "50"})
    _withdraw(session, student, 1)
    assert mending.judge(student=student, today=TODAY, now=ground.NOW) == "corrected"
    held = certificates.by_asked_key(made.asked_key)
    assert held is not None
    assert (held.facts["capstone"], float(held.facts["weeks"]) < float(weeks)) == (title, True)
    assert mending.judge(student=student, today=TODAY, now=ground.NOW) == "", "and it stays so"
