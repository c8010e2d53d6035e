"""The registers no other room owns: participation, policies, budgets, incentives, exchanges, joint programmes, equivalences."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypeVar

from courses.curriculum.locking import name_course
from courses.curriculum.models import CurriculumCourse
from trainhub.kernel import audit, contacts
from trainhub.kernel.access import Identity
from trainhub.kernel.db import Base, session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.oversight.evaluation.models import (
    BudgetLine,
    Equivalence,
    ExchangeRecord,
    Incentive,
    IntlProgramme,
    Participation,
    PolicyDocument,
)
from trainhub.oversight.evaluation.queries import registers
from trainhub.oversight.evaluation.queries.holding import hold_programme, is_there
from trainhub.oversight.evaluation.register_types import (
    BudgetPurpose,
    BudgetSource,
    ExchangeKind,
    IncentiveKind,
    ParticipationArea,
    PolicyTopic,
    ProgrammeMode,
)
from trainhub.people.models import Student, Teacher
from trainhub.programmes.models import Programme

Row = TypeVar("Row", bound=Base)
HOME = frozenset(["CN"])


class BadEntry(Refused):
    """A row of a register lacks something."""

    code = "bad_register_entry"


def checked_text(value: str, field: str, message: str) -> str:
    """The text of a field without blanks around it. Raises BadEntry with the message when nothing is left."""
    value = value.strip()
    if not value:
        raise BadEntry(message, field=field)
    return value


def checked_country(value: str) -> str:
    """The two letters of ISO 3166 of a country or region abroad. Raises BadEntry."""
    code = value.strip().upper()
    if not contacts.is_country(code) or code in HOME:
        raise BadEntry(_("“%(code)s”不是境外国家或地区的代码。请填写 ISO 3166 的两位字母，例如 DE、HK。", code=value.strip()[:20]), field="country")
    return code


def keep(row: Row, what: str, programme_id: int, by: Identity, data: dict[str, Any]) -> Row:
    """The same entry again is the known row: entering twice is one entry."""
    hold_programme(programme_id)
    known = registers.same(row)
    if known is not None:
        return known
    session().add(row)
    session().flush()
    audit.record(by=by, did=f"evaluation.{what}.added", on=("programme", str(programme_id)), data=data)
    return row


def add_participation(
    *,
    programme: Programme,
    area: ParticipationArea,
    expert: str,
    enterprise: str,
    held_on: date,
    contribution: str,
    by: Identity,
    now: datetime,
    evidence: str = "",
) -> Participation:
    """An industry expert took part; what was contributed is required (PETOE-1.4: 做出贡献, 002:364)."""
    row = Participation(
        programme_id=programme.id,
        area=area,
        expert=checked_text(expert, "expert", _("请填写专家姓名。")),
        enterprise=checked_text(enterprise, "enterprise", _("请填写专家所在企业。")),
        held_on=held_on,
        contribution=checked_text(contribution, "contribution", _("请写明专家做出的贡献。")),
        evidence=evidence.strip(),
    )
    return keep(row, "participation", programme.id, by, {"area": area.value, "on": held_on})


def add_policy_document(
    *, programme: Programme, topic: PolicyTopic, title: str, issued_on: date, by: Identity, now: datetime, issued_no: str = ""
) -> PolicyDocument:
    """A policy the university issued; a plan for the teaching team needs the number of the issued document (M4.2)."""
    if topic is PolicyTopic.TEAM_PLAN:
        issued_no = checked_text(issued_no, "issued_no", _("队伍建设规划须是正式下发的文件，请填写文号（M4.2）。"))
    row = PolicyDocument(
        programme_id=programme.id,
        topic=topic,
        title=checked_text(title, "title", _("请填写文件名称。")),
        issued_no=issued_no.strip(),
        issued_on=issued_on,
    )
    return keep(row, "policy_document", programme.id, by, {"topic": topic.value, "title": row.title})


def add_budget_line(
    *,
    programme: Programme,
    year: int,
    purpose: BudgetPurpose,
    source: BudgetSource,
    planned_fen: int,
    by: Identity,
    now: datetime,
    spent_fen: int = 0,
) -> BudgetLine:
    """Money of a year by purpose and source, in fen; a second entry replaces the amounts."""
    if not 2000 <= year <= 2200:
        raise BadEntry(_("年度应为四位年份。"), field="year")
    if planned_fen < 0 or spent_fen < 0:
        raise BadEntry(_("金额不能小于 0。"), field="planned_fen")
    hold_programme(programme.id)
    row = registers.budget_line(programme.id, year, purpose, source)
    if row is None:
        row = BudgetLine(programme_id=programme.id, year=year, purpose=purpose, source=source, planned_fen=0, spent_fen=0)
        session().add(row)
    if (row.planned_fen, row.spent_fen) != (planned_fen, spent_fen) or row.id is None:
        row.planned_fen, row.spent_fen = planned_fen, spent_fen
        session().flush()
        audit.record(
            by=by,
            did="evaluation.budget.entered",
            on=("programme", str(programme.id)),
            data={"year": year, "purpose": purpose.value, "planned_fen": planned_fen, "spent_fen": spent_fen},
        )
    return row


def add_incentive(
    *, programme: Programme, kind: IncentiveKind, title: str, granted_on: date, by: Identity, now: datetime, teacher: Teacher | None = None
) -> Incentive:
    """An incentive a teacher received."""
    row = Incentive(
        programme_id=programme.id,
        teacher_id=teacher.id if teacher is not None else None,
        kind=kind,
        title=checked_text(title, "title", _("请填写激励措施或奖励的名称。")),
        granted_on=granted_on,
    )
    return keep(row, "incentive", programme.id, by, {"kind": kind.value, "on": granted_on})


def add_exchange(
    *, student: Student, kind: ExchangeKind, partner: str, country: str, took_place_on: date, by: Identity, now: datetime
) -> ExchangeRecord:
    """A student took part in an exchange abroad. One of the same form on the same day is one: with other words it is refused."""
    row = ExchangeRecord(
        student_id=student.id,
        kind=kind,
        partner=checked_text(partner, "partner", _("请填写交流的学校或机构。")),
        country=checked_country(country),
        took_place_on=took_place_on,
    )
    hold_programme(student.programme_id)
    known = registers.exchange_on(student.id, kind, took_place_on)
    if known is not None and (known.partner, known.country) != (row.partner, row.country):
        raise BadEntry(
            _("这名学生这一天已有一条同样形式的登记（%(partner)s）。要更正，请先删除原来的一条。", partner=known.partner), field="took_place_on"
        )
    return keep(row, "exchange", student.programme_id, by, {"student": student.id, "kind": kind.value})


def add_intl_programme(
    *,
    programme: Programme,
    mode: ProgrammeMode,
    partner: str,
    country: str,
    since: date,
    by: Identity,
    now: datetime,
    until: date | None = None,
    agreement_no: str = "",
    recognises_credits: bool = False,
) -> IntlProgramme:
    """A joint programme with a school abroad, by an agreement that has a number. Raises BadEntry."""
    if until is not None and until < since:
        raise BadEntry(_("结束日期不能早于开始日期。"), field="until")
    row = IntlProgramme(
        programme_id=programme.id,
        mode=mode,
        partner=checked_text(partner, "partner", _("请填写境外合作学校。")),
        country=checked_country(country),
        agreement_no=checked_text(agreement_no, "agreement_no", _("请填写协议编号。")),
        recognises_credits=recognises_credits,
        since=since,
        until=until,
    )
    return keep(row, "intl_programme", programme.id, by, {"mode": mode.value, "partner": row.partner})


def add_equivalence(
    *,
    programme: Programme,
    course: CurriculumCourse,
    university: str,
    country: str,
    foreign_course: str,
    compared_on: date,
    by: Identity,
    now: datetime,
    evidence: str = "",
) -> Equivalence:
    """A course compared with one of a school in a developed country (PETOE-9.2, 002:587). Raises BadEntry and CourseGone."""
    name_course(course)
    row = Equivalence(
        programme_id=programme.id,
        course_id=course.id,
        university=checked_text(university, "university", _("请填写对照的境外学校。")),
        country=checked_country(country),
        course=checked_text(foreign_course, "foreign_course", _("请填写对照的课程。")),
        evidence=evidence.strip(),
        compared_on=compared_on,
    )
    return keep(row, "equivalence", programme.id, by, {"course": course.code, "university": row.university})


def remove_entry(*, row: Base, programme_id: int, reason: str, by: Identity, now: datetime) -> None:
    """Take a wrong entry out of a register; what it said and why it went stays in the audit log. One that is gone stays gone."""
    reason = checked_text(reason, "reason", _("请写明删除的理由。"))
    hold_programme(programme_id)
    if not is_there(row):
        return
    data = {column.name: getattr(row, key) for key, column in row.__mapper__.c.items()}
    audit.record(
        by=by, did="evaluation.entry.removed", on=("programme", str(programme_id)), data={"table": row.__tablename__, "row": data, "reason": reason}
    )
    session().delete(row)
    session().flush()
