"""What the evaluation keeps of students, teachers and experts, told for the page "my data": each is one select.

What an application or a verdict froze names people in its texts (name and number, as the experts read them) and never changes:
its lines about somebody are told too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trainhub.identity.my_data import Rows
from trainhub.identity.queries.owned import Owned, pick
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _l
from trainhub.oversight.evaluation import labels
from trainhub.oversight.evaluation.models import EvaluationDecision, ExchangeRecord, ExpertJudgement, Incentive, TeacherOutput
from trainhub.oversight.evaluation.store.models import FrozenReadiness
from trainhub.oversight.evaluation.workflow.models import Application, Reopening, VisitExpert, VisitOpinion
from trainhub.oversight.evaluation.workflow.words import OPINIONS
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.queries import same_human
from trainhub.programmes.models import Programme

GROUPS: Mapping[str, Any] = {"withdrawn": _l("退学的学生"), "left": _l("中途退出卓越计划"), "joined": _l("中途加入卓越计划")}
"""The lists of who is counted or listed apart, by their name in what was kept."""


def exchanges(person_id: int) -> Owned:
    """Stays abroad and other exchanges of a student."""
    row = ExchangeRecord
    statement = pick(row, row.kind, row.partner, row.country, row.took_place_on).join(Student, Student.id == row.student_id)
    return Owned(statement.where(same_human(Student.person_id, person_id)).order_by(row.id), {"kind": labels.EXCHANGES})


def incentives(person_id: int) -> Owned:
    """What a teacher was given for the work in the programme."""
    row = Incentive
    statement = pick(row, Programme.name.label("programme"), row.kind, row.title.label("item"), row.granted_on).join(
        Teacher, Teacher.id == row.teacher_id
    )
    joined = statement.join(Programme, Programme.id == row.programme_id).where(same_human(Teacher.person_id, person_id))
    return Owned(joined.order_by(row.id), {"kind": labels.INCENTIVES})


def outputs(person_id: int) -> Owned:
    """Papers, textbooks and prizes of a teacher."""
    row = TeacherOutput
    statement = pick(row, Programme.name.label("programme"), row.kind, row.title.label("item"), row.published_on).join(
        Teacher, Teacher.id == row.teacher_id
    )
    joined = statement.join(Programme, Programme.id == row.programme_id).where(same_human(Teacher.person_id, person_id))
    return Owned(joined.order_by(row.id), {"kind": labels.OUTPUTS})


def visits(account_id: int) -> Owned:
    """Visits to which an expert was appointed."""
    row = VisitExpert
    columns = (row.is_leader, row.assigned_at, row.declared_at, row.has_conflict, row.conflict, row.submitted_at, row.ended_at, row.end_reason)
    statement = pick(row, Programme.name.label("programme"), *columns).join(Application, Application.id == row.application_id)
    return Owned(statement.join(Programme, Programme.id == Application.programme_id).where(row.account_id == account_id).order_by(row.id))


def opinions(account_id: int) -> Owned:
    """What an expert said on visits."""
    row = VisitOpinion
    statement = pick(row, Programme.name.label("programme"), row.criterion, row.opinion.label("result"), row.remark, row.said_at)
    joined = statement.join(VisitExpert, VisitExpert.id == row.expert_id).join(Application, Application.id == VisitExpert.application_id)
    joined = joined.join(Programme, Programme.id == Application.programme_id).where(VisitExpert.account_id == account_id)
    return Owned(joined.order_by(row.id), {"result": OPINIONS})


def judgements(account_id: int) -> Owned:
    """What somebody judged about criteria."""
    row = ExpertJudgement
    statement = pick(row, Programme.name.label("programme"), row.criterion, row.result, row.remark, row.judged_at.label("said_at"))
    joined = statement.join(Programme, Programme.id == row.programme_id).where(row.judged_by_id == account_id)
    return Owned(joined.order_by(row.id), {"result": labels.RESULTS})


def handed_in(person_id: int) -> Rows:
    """The lines about a student or teacher in what was frozen when the reports of the programme were handed in. One query."""
    me, row = _appearing(person_id), FrozenReadiness
    statement = (
        pick(row, Programme.name, row.on, row.findings, row.raw, row.behind, row.group, me.c.name, me.c.number, me.c.is_teacher)
        .join(Application, Application.id == row.application_id)
        .join(Programme, Programme.id == Application.programme_id)
        .join(me, me.c.programme_id == Programme.id)
        .order_by(row.on, row.application_id)
    )
    told = []
    for programme, on, findings, raw, behind, group, *names in session().execute(statement):
        mine = _about(*names)
        told_already = {one["code"]: one["details"] for one in findings}
        bare = [one for one in raw or () if one["details"] != told_already.get(one["code"])]
        lines = [
            *_of_findings(findings),
            *_of_findings(bare),
            *_of_tables(behind),
            *((str(word), [line]) for key, word in GROUPS.items() for line in group.get(key, ())),
        ]
        told += _told(programme, on, lines, mine)
    return told


def reopened(person_id: int) -> Rows:
    """The same in what an office found when it reopened a criterion. One query."""
    me, row = _appearing(person_id), Reopening
    statement = (
        pick(row, Programme.name, row.reopened_on, row.finding, me.c.name, me.c.number, me.c.is_teacher)
        .join(Application, Application.id == row.application_id)
        .join(Programme, Programme.id == Application.programme_id)
        .join(me, me.c.programme_id == Programme.id)
        .order_by(row.id)
    )
    told = []
    for programme, on, finding, *names in session().execute(statement):
        told += _told(programme, on, _of_findings([finding]), _about(*names))
    return told


def decided(person_id: int) -> Rows:
    """The same in the findings that a verdict, or the refusal of an application, was based on. One query."""
    me, row = _appearing(person_id), EvaluationDecision
    statement = (
        pick(row, Programme.name, row.decided_on, row.findings, me.c.name, me.c.number, me.c.is_teacher)
        .join(Programme, Programme.id == row.programme_id)
        .join(me, me.c.programme_id == row.programme_id)
        .order_by(row.decided_on, row.id)
    )
    told = []
    for programme, on, findings, *names in session().execute(statement):
        told += _told(programme, on, _of_findings(findings), _about(*names))
    return told


def _appearing(person_id: int) -> Any:
    """As whom somebody appears in a programme: name, and number of the student or of the teacher."""
    named = aliased(Person)
    parts = [
        sa.select(model.programme_id, named.name, number.label("number"), sa.literal(is_teacher).label("is_teacher"))
        .join(named, named.id == model.person_id)
        .where(same_human(model.person_id, person_id), model.programme_id.is_not(None))
        for model, number, is_teacher in ((Student, Student.student_no, 0), (Teacher, Teacher.staff_no, 1))
    ]
    return sa.union(*parts).subquery()


BETWEEN = "）、"
"""Between two of a list of who is told with their numbers: 张三（1）、李四（2）."""


NUMBERED = re.compile(r"（[0-9A-Za-z-]+）")


def own_part(text: str, numbered: str) -> str:
    """A text of a finding as it is told to one of those whom it names: of each list of persons only their own part, of one without them nothing but
    what it is of."""
    return "；".join(_own(one, numbered) for one in text.split("；"))


def _own(text: str, numbered: str) -> str:
    first, *others = text.split(BETWEEN)
    start = max(first.rfind(sign) for sign in "：，") + 1
    if not others or numbered in first[:start]:
        return text
    *before, last = [f"{one}）" for one in (first[start:], *others)]
    last = last.removesuffix("）")
    ends = last.find(numbered) + len(numbered) if numbered in last else max((found.end() for found in NUMBERED.finditer(last)), default=len(last))
    mine = next((one for one in (*before, last[:ends]) if one.endswith(numbered)), "…")
    return first[:start] + mine + last[ends:]


def _about(name: str, number: str, is_teacher: int) -> Callable[[str], str]:
    """What of a text is told to them, empty where it does not name them: by the number in brackets; where lecturers stand without one, by the name."""
    numbered, lines = f"（{number}）", (f"：{name} ", f" {name}：") if is_teacher else ()

    def told(text: str) -> str:
        if numbered in text:
            return own_part(text, numbered)
        return text if (is_teacher and text == name) or any(line in text for line in lines) else ""

    return told


def _of_findings(findings: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    return ((one["code"], [line]) for one in findings for line in one["details"])


def _of_tables(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    return ((code, [str(cell) for cell in line]) for code, table in tables.items() for line in table["rows"])


def _told(programme: str, on: Any, lines: Iterable[tuple[str, list[str]]], mine: Callable[[str], str]) -> list[dict[str, Any]]:
    return [
        {"programme": programme, "on_day": on, "criterion": code, "text": "，".join(mine(cell) or cell for cell in cells)}
        for code, cells in lines
        if any(map(mine, cells))
    ]
