"""Facts beside the questions that a person answers: computed where data exist, and said plainly where there are none."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.discussion.models import Post, Thread
from courses.teaching import operations as teaching
from enterprises.bases.models import BaseProfile
from enterprises.placements.types import PlacementState
from tests.factories import courses as make
from tests.factories import evaluation as factory
from tests.factories import ground
from tests.trainhub.oversight.evaluation.test_workflow import PDF
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.oversight.evaluation.operations import registers
from trainhub.oversight.evaluation.queries import evidence
from trainhub.oversight.evaluation.queries.cases import case_of
from trainhub.oversight.evaluation.queries.field import PlacementRow
from trainhub.oversight.evaluation.register_types import BudgetPurpose, BudgetSource, ExchangeKind
from trainhub.oversight.evaluation.store import queries as store
from trainhub.oversight.evaluation.store.operations import keeping

AsRole = Callable[..., Any]


def test_what_students_and_teachers_wrote_to_each_other_is_counted(session: Session) -> None:
    with transaction():
        built = factory.bare(students=3)
        run = make.run()
        instant = factory.NOW
        thread = Thread(run_id=run.id, person_id=built.students[0].person_id, title="小组", created_at=instant, last_at=instant)
        session.add(thread)
        session.flush()
        one, two, _three = (student.person_id for student in built.students)
        teacher = built.teachers[0].person_id
        for person_id, is_staff, removed in (
            (one, False, None),
            (one, False, None),
            (two, False, None),
            (two, False, instant),
            (teacher, True, None),
        ):
            text = {"body": "x", "body_html": "x"}
            session.add(Post(thread_id=thread.id, person_id=person_id, is_staff=is_staff, posted_at=instant, removed_at=removed, **text))
    assert case_of(built.programme, factory.TODAY).evidence["3.6"] == "课程讨论中学生发言 3 条，涉及学生 2 人；教师答复 1 条"
    assert "3.6" not in case_of(built.programme, instant.date() - timedelta(days=1)).evidence


def test_the_least_of_the_policy_is_said_beside_what_was_found(session: Session) -> None:
    with transaction():
        built = factory.meeting(students=1)
    facts = case_of(built.programme, factory.TODAY).evidence
    assert "不少于 1 份的" in facts["4.8"]
    assert "企业工作经历已核实的兼职教师" in facts["4.6"]


def test_mentors_who_guide_in_more_than_one_term_are_told_apart(session: Session) -> None:
    first, last = factory.TODAY - timedelta(days=90), factory.TODAY

    def placed(key: int, term_id: int, mentor_id: int | None) -> PlacementRow:
        return PlacementRow(key, 1, 1, None, term_id, mentor_id, PlacementState.FINISHED, first, last, True, True)

    rows = [placed(1, 1, 7), placed(2, 2, 7), placed(3, 1, 8), placed(4, 1, 8), placed(5, 2, None)]
    assert evidence.of_practice(0, (), rows, {1}, factory.TODAY)["6.4"] == "指导过实习的企业指导教师 2 人；在不止一个学期指导的 1 人"
    assert evidence.of_practice(0, (), rows[4:], {1}, factory.TODAY)["6.4"] == ""


def test_sources_of_money_are_counted_once(session: Session) -> None:
    with transaction():
        built = factory.bare(students=1)
        for source, purpose in (
            (BudgetSource.UNIVERSITY, BudgetPurpose.COURSES),
            (BudgetSource.ENTERPRISE, BudgetPurpose.COURSES),
            (BudgetSource.ENTERPRISE, BudgetPurpose.PRACTICE),
        ):
            registers.add_budget_line(
                programme=built.programme, year=2025, purpose=purpose, source=source, planned_fen=100_00, spent_fen=0, by=SYSTEM, now=factory.NOW
            )
    facts = case_of(built.programme, factory.TODAY).evidence
    assert facts["10.4"].endswith("；投入渠道 2 种")
    assert facts["10.3"] == "八项用途中已安排 2 项"


def test_a_question_without_facts_says_that_the_school_provides_them(session: Session, as_role: AsRole) -> None:
    with transaction():
        built = factory.bare(students=1)
        code, programme_id = built.programme.code, built.programme.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert "须由学校提供材料或说明" in head.get(f"/evaluation/{code}?on=2026-03-02").get_data(as_text=True)
    assert "须由学校提供" in head.get(f"/evaluation/{code}/criteria/10.4?on=2026-03-02").get_data(as_text=True)
    assert "须由学校提供" not in head.get(f"/evaluation/{code}/criteria/7.2?on=2026-03-02").get_data(as_text=True)


def test_the_register_tells_who_was_away_from_teaching(session: Session, as_role: AsRole) -> None:
    with transaction():
        built = factory.bare(students=1)
        code, programme_id = built.programme.code, built.programme.id
        for teacher, is_away in zip(built.teachers, (True, False), strict=False):
            teaching.plan_secondment(
                teacher=teacher,
                enterprise_name="榕城智造",
                post="工艺",
                planned_since=factory.TODAY,
                planned_until=factory.TODAY + timedelta(days=200),
                is_full_time=is_away,
                by=SYSTEM,
                now=factory.NOW,
            )
    text = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).get(f"/evaluation/{code}/registers/secondments").get_data(as_text=True)
    assert ">脱产<" in text
    assert ">不脱产<" in text


def test_the_same_file_with_other_dates_is_not_taken_for_the_same(session: Session) -> None:
    """Entered again to mend its dates: told where they are changed, not that it was entered."""
    built = factory.bare(students=1)
    given: dict[str, Any] = {"programme": built.programme, "title": "协议", "codes": ["M6.2"], "name": "a.pdf", "by": SYSTEM, "now": factory.NOW}
    until = {"valid_until": date(2025, 12, 31)}
    item = keeping.add_evidence(file=io.BytesIO(PDF), **until, **given)
    assert keeping.add_evidence(file=io.BytesIO(PDF), **until, **given) is item
    with pytest.raises(Refused, match="有效期不同，没有保存"):
        keeping.add_evidence(file=io.BytesIO(PDF), valid_until=date(2027, 12, 31), **given)


def test_that_evidence_holds_longer_is_written_down(session: Session) -> None:
    old, new = {"valid_from": factory.TODAY, "valid_until": factory.TODAY}, {"valid_until": date(2030, 1, 1)}
    w: dict[str, Any] = {"name": "a.pdf", "by": SYSTEM, "now": factory.NOW}
    with transaction():
        built = factory.bare(students=0)
        item = keeping.add_evidence(programme=built.programme, title="协议", codes=["M6.2"], file=io.BytesIO(PDF), **old, **w)
    with transaction():
        keeping.renew(item=item, file=io.BytesIO(PDF), **old, **w)
    with transaction():
        keeping.renew(item=item, file=io.BytesIO(PDF), **new, **w)
        keeping.renew(item=item, file=io.BytesIO(PDF + b"2"), **new, **w)
    [held] = store.held_by(built.programme.id)
    assert (held.edition, held.valid_from, held.valid_until) == (2, None, date(2030, 1, 1)), "the same content again is no new version"
    said = select(AuditEvent.data).where(AuditEvent.did == "evaluation.evidence.renewed", AuditEvent.on_id == str(item.id)).order_by(AuditEvent.id)
    first, second = session.scalars(said)
    assert first == {"edition": 1, "validity": [["2026-03-02", "2026-03-02"], [None, "2030-01-01"]]}
    assert (second["edition"], "validity" in second) == (2, False)


def test_a_purpose_without_money_is_not_provided_for(session: Session) -> None:
    with transaction():
        built = factory.bare(students=1)
        for purpose, planned in ((BudgetPurpose.COURSES, 100_00), (BudgetPurpose.TEXTBOOKS, 0)):
            registers.add_budget_line(
                programme=built.programme, year=2025, purpose=purpose, source=BudgetSource.UNIVERSITY, planned_fen=planned, by=SYSTEM, now=factory.NOW
            )
    assert case_of(built.programme, factory.TODAY).evidence["10.3"] == "八项用途中已安排 1 项"


@pytest.mark.parametrize(
    ("code", "is_taken"), [("de", True), ("HK", True), ("CN", False), ("德国", False), ("ZZ", False), ("DEU", False), ("", False)]
)
def test_a_country_abroad_is_one_that_exists(code: str, is_taken: bool) -> None:
    if is_taken:
        assert registers.checked_country(code) == code.upper()
        return
    with pytest.raises(registers.BadEntry, match="ISO 3166"):
        registers.checked_country(code)


def test_one_exchange_of_a_day_is_entered_once(session: Session) -> None:
    """The same again is the same; with another partner it is refused with what to do, nothing half done."""
    built = factory.bare(students=1)
    facts: dict[str, Any] = {"student": built.students[0], "kind": ExchangeKind.CONTEST, "country": "DE", "took_place_on": factory.TODAY, "by": SYSTEM, "now": factory.NOW}  # fmt: skip
    row = registers.add_exchange(partner="慕尼黑", **facts)
    assert registers.add_exchange(partner="慕尼黑", **facts).id == row.id
    with pytest.raises(registers.BadEntry, match=r"（慕尼黑）。要更正，请先删除原来的一条"):
        registers.add_exchange(partner="柏林", **facts)


def test_what_a_base_takes_is_compared_with_everybody_who_is_placed(session: Session) -> None:
    """Students who are not judged take seats too; who is at no base takes none there."""
    base = ground.base(ground.enterprise())
    session.merge(BaseProfile(base_id=base.id, capacity_per_term=3))
    session.flush()
    first = factory.TODAY - timedelta(days=90)

    def placed(key: int, student_id: int, base_id: int | None, starts_on: date = first) -> PlacementRow:
        return PlacementRow(key, student_id, 1, base_id, 1, None, PlacementState.STARTED, starts_on, factory.TODAY, True, True)

    rows = [placed(1, 1, base.id), placed(2, 2, base.id), placed(3, 3, None), placed(4, 4, base.id, factory.TODAY + timedelta(days=1))]
    told = evidence.of_practice(0, (), rows, {1}, factory.TODAY)["6.1"]
    assert told == "基地每学期可接纳 3 人，本专业同一学期最多安排 2 人"
