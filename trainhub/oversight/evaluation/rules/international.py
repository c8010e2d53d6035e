"""Requirement 9: any three of nine; a soft quarter, a hard tenth, a majority, a joint programme (002:583-603)."""

from __future__ import annotations

from collections.abc import Sequence

from trainhub.oversight.evaluation.rules.common import cited
from trainhub.oversight.evaluation.types import Criterion, InternationalCase, TeacherCase
from trainhub.policy.findings import Finding, decided, share_at_least
from trainhub.policy.types import Parameter

STRICTLY = frozenset(["petoe.intl_exchange_percent"])
"""Numbers that have to be exceeded: 多数 is more than half, exactly half is not (002:597). Whoever shows them says so."""
NOBODY = ("当日没有在籍学生。",)


def has_background(teacher: TeacherCase, *, stay_months: int) -> bool:
    """Foreign, or a doctorate from abroad (国外), or a year outside the mainland (境外, Hong Kong, Macao and Taiwan count) (002:585)."""
    return teacher.is_foreign or teacher.has_foreign_doctorate or teacher.overseas_months >= stay_months


def judge_faculty(criterion: Criterion, teachers: Sequence[TeacherCase], *, percent: Parameter, tolerance: Parameter, stay: Parameter) -> Finding:
    """9.1: about a quarter of all teachers, each human once; between 23 and 25 % a person decides, because of 左右 (002:585)."""
    humans = {teacher.human for teacher in teachers}
    with_it = {teacher.human: teacher for teacher in reversed(teachers) if has_background(teacher, stay_months=stay.number)}
    unread = [f"{one.label}：{what}未核实，未计入" for one in teachers if one.human not in with_it for what in one.unverified]
    finding = share_at_least(
        criterion.code,
        len(with_it),
        len(humans),
        percent,
        tolerance=tolerance,
        denominator=f"专兼职教师 {len(humans)} 人",
        details=("没有登记本专业的教师。",) if not teachers else [*(f"{one.label}：有国际背景" for one in reversed(with_it.values())), *unread],
    )
    return cited(finding, criterion)


def judge_programmes(criterion: Criterion, case: InternationalCase, *, needed: Parameter, modes: Parameter) -> Finding:
    """9.4: a joint programme of one of the three modes runs on the day, by an agreement that is named; sent students and staged studies with
    credits that are recognised (002:591: 并承认学分, 互认学分)."""
    mine = [(label, lacks) for mode, label, lacks in case.programmes if mode in modes.items]
    running = [label for label, lacks in mine if not lacks]
    finding = decided(
        criterion.code,
        len(running) >= needed.number,
        found=len(running),
        parameter=needed,
        denominator="当日有效的合作办学项目",
        details=[*running, *(f"{label}：{'、'.join(lacks)}，未计入" for label, lacks in mine if lacks)],
    )
    return cited(finding, criterion)


def judge_exchange(criterion: Criterion, case: InternationalCase, *, percent: Parameter) -> Finding:
    """9.6: most students took part in an exchange: strictly more than half (002:597)."""
    finding = share_at_least(
        criterion.code,
        case.exchanged,
        case.students,
        percent,
        strictly=True,
        denominator=f"本专业在籍学生 {case.students} 人",
        details=() if case.students else NOBODY,
    )
    return cited(finding, criterion)


def judge_foreign_students(criterion: Criterion, case: InternationalCase, *, percent: Parameter) -> Finding:
    """9.8: a tenth of the students of the programme come from abroad; Hong Kong, Macao, Taiwan are not 外国 (002:601). Hard."""
    finding = share_at_least(
        criterion.code,
        case.foreign,
        case.students,
        percent,
        denominator=f"本专业在籍学生 {case.students} 人",
        details=() if case.students else NOBODY,
    )
    return cited(finding, criterion)
