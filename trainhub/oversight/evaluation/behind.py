"""Whom a computed finding speaks of: the students, teachers, courses, centres behind it, each with what counts. Pure: a case in, a table out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainhub.kernel.i18n import _, _l, format_date, listed
from trainhub.oversight.evaluation.rules import practice, whole
from trainhub.oversight.evaluation.rules.practice import PracticeCase, practice_of
from trainhub.oversight.evaluation.rules.teachers import exemption_of, full_time
from trainhub.oversight.evaluation.sentences import FOUND
from trainhub.oversight.evaluation.types import CandidateCase, CapstoneCase, Case, PlanCase, SecondmentCase
from trainhub.policy.book import book

MOST = 200
"""So many rows a page shows at first; whoever lacks most comes first. All of them are a click away, and are frozen at the submission."""
Rows = Iterable[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Behind:
    """The heads of the columns, the rows, how many there are: more than the rows only of what was frozen when 200 of them were kept."""

    columns: Sequence[Any]
    rows: Sequence[Sequence[Any]]
    all: int


def _yes(holds: bool) -> str:
    return _("是") if holds else _("否")


def _day(day: Any) -> str:
    return format_date(day) if day is not None else "—"


def _plan(plans: Sequence[SecondmentCase]) -> str:
    if not plans:
        return "—"
    one = plans[-1]
    return _("免予选送") if one.is_exempt else _("已完成") if one.is_done else _("进行中") if one.is_started else _("已计划")


def _candidates(case: Case) -> list[CandidateCase]:
    return [one for year in sorted(case.candidates) for one in case.candidates[year]]


def _holds(capstone: CapstoneCase, code: str) -> bool:
    mine = [f for f in capstone.findings if f.code == code or f.code.startswith(f"{code}.")]
    return bool(mine) and all(f.met for f in mine)


def _capstones(case: Case, code: str) -> Rows:
    return sorted(((one.label, _yes(bool(one.findings)), _yes(_holds(one, code))) for one in case.capstones), key=lambda row: row[2] == _yes(True))


def _practice(case: Case) -> list[PracticeCase]:
    return practice_of(case.students, case.placements, case.capstones, has_finished=case.group.is_finished)


def _done(case: Case) -> list[tuple[PlanCase, int, practice.ItemDone]]:
    """6.11: (plan, how many students are trained by it, item) of every item of the plans."""
    share = book().at("own.evaluation.item_time_percent", on=case.on).number
    found = []
    for plan in case.plans:
        students = whole.practice_of(case, plan)
        found += [(plan, len(students), one) for one in practice.carried_out(plan.items, students, share)]
    return found


def carried(case: Case) -> list[tuple[str, str, int, int, str]]:
    """6.11: every item of the plans with its weeks, who was asked, who did it, the share."""
    return [
        (plan.named(one.item.label), practice.weeks(one.item.weeks_x10), asked, one.done, f"{one.done * 100 // asked}%" if asked else "—")
        for plan, asked, one in _done(case)
    ]


def lacks_of(case: Case) -> dict[str, list[str]]:
    """6.11: what each student who did not do every item lacks, and how far they came."""
    found: dict[str, list[str]] = {}
    for _plan_of, _asked, one in _done(case):
        for student, tenths in one.short:
            found.setdefault(student, []).append(practice.lack_of(one, tenths))
    return found


def _carried_by(case: Case) -> Rows:
    """The items with how many did them, then each who did not in a row of their own: nobody stands in the row of another."""
    items, short = [], []
    for plan, asked, one in _done(case):
        label, weeks = plan.named(one.item.label), practice.weeks(one.item.weeks_x10)
        rate = f"{one.done * 100 // asked}%" if asked else "—"
        items.append((label, weeks, _("完成 %(done)s/%(all)s 人（%(rate)s）", done=one.done, all=asked, rate=rate), "—"))
        short += [(label, weeks, student, "—" if tenths is None else practice.weeks(tenths)) for student, tenths in one.short]
    return [*items, *short]


CARRIED = (_l("环节"), {"label": _l("周数"), "num": True}, _l("没有完成的学生"), {"label": _l("已有周数"), "num": True})


def _courses(case: Case) -> Rows:
    """Every course with who lacks a conclusion, by name: the finding itself names the first five."""
    found = [(plan.named(c.label), c) for plan in case.plans for c in plan.courses]
    return [
        (
            label, _("选修") if c.is_optional else _("必修"), c.objectives, f"{c.weight}%",
            listed(str(year) for year in c.open_years) or "—", len(c.missing), listed(c.missing) or "—",
        )
        for label, c in sorted(found, key=lambda one: -len(one[1].missing))
    ]  # fmt: skip


_SIX = (
    (_l("年级"), _l("课程"), _l("主讲教师"), {"label": _l("企业工作天数"), "num": True}, _l("四年内")),
    lambda case: [(c.cohort_year, c.label, c.lead or "—", c.lead_days, _yes(c.is_in_window)) for c in _candidates(case)],
)
_PLAN = (
    (_l("环节"), {"label": _l("周数"), "num": True}, _l("在企业"), {"label": _l("企业指导教师（人）"), "num": True}, _l("考核方式")),
    lambda case: [
        (plan.named(i.label), f"{i.weeks_x10 / 10:g}", _yes(i.is_at_enterprise), i.enterprise_mentors, _yes(i.has_assessment))
        for plan in case.plans
        for i in plan.items
    ],
)
_CAPSTONE = (_l("学生"), _l("有毕业设计"), _l("达到"))

TABLES: Mapping[str, tuple[Sequence[Any], Callable[[Case], Rows]]] = {
    "1.1": (
        (_l("通用标准"), _l("对应的毕业要求"), _l("通到有考核课程的毕业要求")),
        lambda case: [(plan.named(s.code), listed(s.mapped), listed(s.assessed)) for plan in case.plans for s in plan.standards],
    ),
    "2.2": (
        (_l("指标点"), _l("课程目标或环节")),
        lambda case: [
            *((plan.named(_("毕业要求 %(n)s（还没有指标点）", n=number)), "") for plan in case.plans for number in plan.unrefined),
            *((plan.named(p.number), listed(FOUND.told(one) for one in p.carried_by)) for plan in case.plans for p in plan.points),
        ],
    ),
    "2.5": (
        (
            _l("课程"),
            _l("修读"),
            {"label": _l("课程目标"), "num": True},
            {"label": _l("考核权重"), "num": True},
            _l("毕业而未结课的年级"),
            {"label": _l("缺少结论的学生"), "num": True},
            _l("学生"),
        ),
        _courses,
    ),
    "4.2": (
        (_l("教师"), {"label": _l("企业工作天数"), "num": True}, _l("到企业工作"), _l("免予选送的理由")),
        lambda case: [(t.label, t.enterprise_days, _plan(t.secondments), exemption_of(t) or "—") for t in full_time(case.teachers)],
    ),
    "4.5": (
        (_l("教师"), _l("学术水平高"), {"label": _l("企业工作天数"), "num": True}, {"label": _l("学时"), "num": True}),
        lambda case: [(t.label, _yes(t.is_senior), t.enterprise_days, f"{t.hours_x10 / 10:g}") for t in full_time(case.teachers)],
    ),
    "4.7": (
        (_l("教师"), _l("聘任"), _l("聘任到期"), _l("培训通过"), _l("首次任课"), _l("最近考核")),
        lambda case: [
            (p.label, _day(p.since), _day(p.ended_on), _day(p.training_passed_on), _day(p.first_task_on), _day(p.last_appraised_on))
            for p in case.part_time
        ],
    ),
    "5.1": _SIX,
    "5.2": _SIX,
    "5.4": _SIX,
    "6.2": (
        (_l("中心"), {"label": _l("学校负责人"), "num": True}, {"label": _l("企业负责人"), "num": True}),
        lambda case: [(c.label, c.leaders.get("school", 0), c.leaders.get("enterprise", 0)) for c in case.centres],
    ),
    "6.6": (
        (_l("中心"), _l("协议期限")),
        lambda case: [(c.label, listed(f"{_day(a.since)}—{_day(a.until)}" for a in c.agreements) or "—") for c in case.centres],
    ),
    "6.8": _PLAN,
    "6.9": (
        (_l("学生"), {"label": _l("已结束的实习（周）"), "num": True}, {"label": _l("其中有成绩（周）"), "num": True}, _l("毕业设计有成绩")),
        lambda case: sorted(
            ((one.label, f"{one.ended_x10 / 10:g}", f"{one.graded_x10 / 10:g}", _yes(one.has_capstone_result)) for one in _practice(case)),
            key=lambda row: (float(row[2]), row[3] == _yes(True)),
        ),
    ),
    "6.11": (CARRIED, _carried_by),
    "7.1": _PLAN,
    "7.2": (
        (_l("学生"), _l("年级"), {"label": _l("认定天数"), "num": True}),
        lambda case: [(s.label, s.cohort_year, s.credited_days) for s in sorted(case.students, key=lambda s: s.credited_days)],
    ),
    "7.3": _PLAN,
    "8.2": (_CAPSTONE, lambda case: _capstones(case, "8.2")),
    "8.3": (_CAPSTONE, lambda case: _capstones(case, "8.3")),
    "9.1": (
        (_l("教师"), _l("外籍"), _l("国外博士"), {"label": _l("境外研修月数"), "num": True}),
        lambda case: [(t.label, _yes(t.is_foreign), _yes(t.has_foreign_doctorate), t.overseas_months) for t in case.teachers],
    ),
    "9.4": (
        (_l("合作项目"), _l("缺少")),
        lambda case: [(FOUND.told(label), listed(FOUND.told(one) for one in lacks) or "—") for _mode, label, lacks in case.international.programmes],
    ),
    "9.6": (
        (_l("在读学生"), _l("参加国际交流")),
        lambda case: [(label, _yes(took_part)) for label, took_part, _foreign in sorted(case.international.named, key=lambda one: not one[1])],
    ),
    "9.8": (
        (_l("在读学生"), _l("外国留学生")),
        lambda case: [(label, _yes(is_foreign)) for label, _part, is_foreign in sorted(case.international.named, key=lambda one: not one[2])],
    ),
}
"""By criterion (the computed ones, and of judged ones where data name somebody): the columns, and the rows of a case."""


def behind(case: Case, code: str) -> Behind | None:
    """What stands behind a criterion; None where the data name nobody."""
    if code not in TABLES:
        return None
    columns, rows_of = TABLES[code]
    rows = list(rows_of(case))
    heads = [{**one, "label": str(one["label"])} if isinstance(one, dict) else str(one) for one in columns]
    return Behind(heads, rows, len(rows)) if rows else None
