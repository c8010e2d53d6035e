"""Windows of stages for a cohort, more time for one student, the rubric of a programme version, conflicts of interest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from enterprises.capstones import queries, rules
from enterprises.capstones.impartiality import Office
from enterprises.capstones.labels import WINDOWS
from enterprises.capstones.models import Capstone, Conflict, Rubric, StageExtension, StageWindow
from enterprises.capstones.operations._support import CapstoneRefused, WrongPerson, demand, given, heads_of, stop, tell
from enterprises.capstones.operations.checking import release_expert
from enterprises.capstones.operations.impartial import against_own_grade
from enterprises.capstones.queries.impartiality import barred_among, exceptions_of
from enterprises.capstones.queries.judging import to_grade_in
from enterprises.capstones.types import LIVE, Action, WindowStage
from enterprises.mentors.models import Mentor
from trainhub.identity import queries as identity
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.programmes.models import Cohort, ProgrammeVersion

EXTENSION_MOST = 366
"""Days after today and after the last day of now within which more time ends: a year that is mistyped is told at once."""
TOLD_CONFLICT = N_("%(name)s 与学生 %(student)s 有利益关系，须回避：不能再为其签署评分或评阅，请专业负责人另行安排")
TOLD_EXTENDED_SUPERVISORS = N_("毕业设计“%(title)s”的评分延期到 %(day)s 24 时")
TOLD_EXTENDED_GUIDED = N_("你指导的毕业设计“%(title)s”：“%(stage)s”延期到 %(day)s 24 时")
TOLD_EXTENDED = N_("“%(stage)s”为你延期到 %(day)s 24 时")


def set_windows(
    *,
    cohort: Cohort,
    windows: Mapping[WindowStage, tuple[date, date] | None],
    by: Identity,
    now: datetime,
    seen: Mapping[WindowStage, tuple[date, date] | None] | None = None,
) -> int:
    """Set the windows of a cohort's stages (None takes one away: the stage is free); how many changed. All or nothing.

    `seen` are the days of stages as the editor found them. The days for grading that are over are not moved by who has a grade to give among these
    students. Raises CapstoneRefused, Stale when somebody set others meanwhile.
    """
    session().refresh(cohort, with_for_update={"key_share": True})  # the form sent twice at once: the second sees the first
    known, changed = queries.windows_of(cohort.id), 0
    standing = {stage: (row.opens_on, row.closes_on) for stage, row in known.items()}
    if any(standing.get(stage) != days for stage, days in (seen or {}).items()):
        raise Stale(_("这条记录刚被其他人修改过，你的修改没有保存，也没有覆盖对方的修改。请重新打开页面，核对后再提交。"))
    stop(against_own_window(cohort, windows, by, now))
    for stage, days in windows.items():
        row = known.get(stage)
        if days is None:
            if row is not None:
                session().delete(row)
                changed += 1
            continue
        opens, closes = days
        if closes < opens:
            raise CapstoneRefused(_("“%(stage)s”的截止日期早于开始日期。", stage=WINDOWS[stage]), field=f"{stage.value}_closes")
        if row is None:
            session().add(StageWindow(programme_id=cohort.programme_id, cohort_id=cohort.id, stage=stage, opens_on=opens, closes_on=closes))
            changed += 1
        elif (row.opens_on, row.closes_on) != days:
            row.opens_on, row.closes_on = days
            changed += 1
    session().flush()
    if changed:
        data = {stage.value: [d.isoformat() for d in days] if days else None for stage, days in windows.items()}
        audit.record(by=by, did="capstones.window.changed", on=("cohort", str(cohort.id)), data=data)
    return changed


def against_own_window(
    cohort: Cohort, windows: Mapping[WindowStage, tuple[date, date] | None], by: Identity, now: datetime
) -> CapstoneRefused | None:
    """Why somebody does not open the days for grading again once they are over: an own grade would be given after the deadline (`extend`)."""
    held = queries.windows_of(cohort.id).get(WindowStage.GRADING)
    if held is None or WindowStage.GRADING not in windows or held.closes_on >= local(now).date():
        return None
    days = windows[WindowStage.GRADING]
    if days is not None and days[1] <= held.closes_on:
        return None
    barred = barred_among(to_grade_in(cohort.id), Office.DECISION)
    if not any(by.person_id in persons for persons in barred.values()):
        return None
    return CapstoneRefused(
        _("评分时间已经截止，而你是这个年级的导师或评分人（或与学生有利益关系）：须由本专业的其他负责人或学校教务管理员延长。"),
        field=f"{WindowStage.GRADING.value}_closes",
        code="own_grade",
    )


def extend(*, capstone: Capstone, stage: WindowStage, until: date, reason: str, by: Identity, now: datetime) -> StageExtension:
    """Give one student more time at one stage; it is logged and never taken back. Nobody prolongs the time for a grade of the own hand. Raises CapstoneRefused."""
    demand(capstone, Action.EXTEND, by)
    stop(against_own_grade(capstone, by, field="stage") if stage is WindowStage.GRADING else None)
    why = given(reason, _("请写明延期的理由，会记录在案。"), field="reason")
    window = queries.window_of(capstone, stage)
    if window is None:
        raise CapstoneRefused(_("这个年级没有为“%(stage)s”规定时间，不需要延期。", stage=WINDOWS[stage]), field="stage")
    last = max(window.closes_on, queries.extended_until(capstone.id, stage) or window.closes_on)
    if until <= last:
        raise CapstoneRefused(_("延期须晚于现在的截止日期 %(day)s。", day=last.isoformat()), field="until")
    if until > max(last, local(now).date()) + timedelta(days=EXTENSION_MOST):
        raise CapstoneRefused(_("延期到 %(day)s 超过一年，请核对年份。", day=until.isoformat()), field="until")
    if until < local(now).date():
        raise CapstoneRefused(_("延期到 %(day)s 已经过去，学生仍然不能办理。", day=until.isoformat()), field="until")
    row = StageExtension(capstone_id=capstone.id, stage=stage, until=until, reason=why, granted_by_id=by.account_id, granted_at=now)
    session().add(row)
    session().flush()
    audit.record(
        by=by, did="capstones.extension.granted", on=capstone, data={"stage": stage, "until": until}
    )  # why, maybe an illness, stands in the row
    tell(
        person_ids=[session().get_one(Student, capstone.student_id).person_id],
        kind="capstones.extended",
        message=TOLD_EXTENDED,
        values={"stage": notifications.word(WINDOWS[stage]), "day": until.isoformat()},
        url=f"/capstones/{capstone.id}",
        unique_key=f"capstones.extended:{row.id}",
        now=now,
    )
    values = {"title": queries.title_of(capstone), "day": until.isoformat()}
    is_theirs = stage is WindowStage.GRADING  # to do; of every other stage they guide by its days
    tell(
        person_ids=[held.person_id for held, _name in queries.supervisions_of(capstone.id) if held.until is None],
        kind="capstones.extended",
        message=TOLD_EXTENDED_SUPERVISORS if is_theirs else TOLD_EXTENDED_GUIDED,
        values=values if is_theirs else {**values, "stage": notifications.word(WINDOWS[stage])},
        url=f"/capstones/{capstone.id}/grade" if is_theirs else f"/capstones/{capstone.id}",
        unique_key=f"capstones.extended:{row.id}:supervisors",
        now=now,
    )
    return row


def adopt_rubric(
    *,
    version: ProgrammeVersion,
    items: Sequence[Mapping[str, Any]],
    weights: Mapping[str, int],
    by: Identity,
    now: datetime,
    opened_at: int | None = None,
) -> Rubric:
    """Adopt a new edition of a version's rubric; grades signed before keep the one they were signed by.

    `items`: code, label, hint, weight (per cent, 100 together), points (numbers of indicator points of this version, at least one).
    `opened_at`: the edition that the form was opened at, 0 for none. Raises CapstoneRefused with what is wrong, Stale.
    """
    session().refresh(version, with_for_update={"key_share": True})  # the form sent twice at once: the second sees the edition of the first
    problem = rules.check_weights(weights)
    if problem:
        raise CapstoneRefused(
            {
                "both_sides": _("校内和企业导师的评分都须占一定权重：双方都要考核（专门要求 8.4）。"),
                "sum": _("校内、企业、评阅、答辩四项权重之和须为 100。"),
                "weights": _("权重须是 0 至 100 的整数。"),
            }[problem],
            field="weights",
        )
    held = [int(item["weight"]) for item in items]
    if not 1 <= len(held) <= 12 or min(held) < 1 or sum(held) != 100:
        raise CapstoneRefused(_("评分项须有 1 至 12 项，每项权重至少为 1，权重之和为 100。"), field="items")
    known = {point.number for _requirement, _number, point in queries.points_of(version.id)}
    for item in items:
        if not str(item["label"]).strip():
            raise CapstoneRefused(_("每个评分项都要有名称。"), field="items")
        for name, most, said in (("label", 60, _("名称")), ("hint", 200, _("说明"))):
            text = str(item[name]).strip()
            if len(text) > most:
                raise CapstoneRefused(
                    _(
                        "评分项“%(label)s…”的%(name)s最多 %(most)d 字，现在有 %(n)d 字，请删减后再发布。",
                        label=str(item["label"])[:12],
                        name=said,
                        most=most,
                        n=len(text),
                    ),
                    field="items",
                    code="too_long",
                )
        if not item["points"] or not set(item["points"]) <= known:
            raise CapstoneRefused(
                _(
                    "评分项“%(label)s”须对应这一版本中至少一个指标点（%(known)s）。",
                    label=item["label"],
                    known="、".join(sorted(known)) or _("尚未登记"),
                ),
                field="items",
            )
    before = queries.rubric_of_version(version.id)
    plain = [{key: item[key] for key in ("code", "label", "hint", "weight", "points")} for item in items]
    if before is not None and before.items == plain and before.weights == dict(weights):
        return before
    if opened_at is not None and opened_at != (before.edition if before is not None else 0):
        raise Stale(_("评分标准刚被其他人发布了新版，你的修改没有保存，也没有覆盖对方的修改。请重新打开页面，核对后再提交。"))
    row = Rubric(
        version_id=version.id,
        edition=before.edition + 1 if before is not None else 1,
        items=plain,
        weights=dict(weights),
        adopted_by_id=by.account_id,
        adopted_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="capstones.rubric.adopted", on=row, data={"version": version.label, "edition": row.edition, "weights": row.weights})
    return row


# -- conflicts of interest ----------------------------------------------------------------------------------------------


def record_conflict(*, person: Person, student: Student, reason: str, by: Identity, now: datetime) -> Conflict:
    """Record that a person may neither supervise nor judge a student. A repeat: the known row.

    An office that the person holds at the student's capstone is not ended: the person and the heads are told, the capstone's page and the
    cohort's figures show it (`queries.impartiality.exceptions_of`), and nothing is signed in it any more (`operations.impartial`).
    """
    if people.is_same_human(person.id, student.person_id):
        raise CapstoneRefused(_("这就是学生本人。"), field="person_id")
    session().refresh(student, with_for_update={"key_share": True})  # recorded twice at once it is one
    known = queries.conflict_between(person.id, student.id)
    if isinstance(known, Conflict):
        return known
    row = Conflict(
        person_id=person.id,
        student_id=student.id,
        reason=given(reason, _("请写明利益关系，例如亲属关系。"), field="reason"),
        recorded_by_id=by.account_id,
        recorded_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="capstones.conflict.recorded", on=row, data={"person": person.id, "student": student.student_no})
    _follow(person, student, by, now)
    return row


def conflict_declared(mentor: Mentor, student: Student, *, by: Identity, now: datetime) -> None:
    """What the register of mentors declares holds here too: experts are released, who is in office and the heads are told."""
    _follow(session().get_one(Person, mentor.person_id), student, by, now)


def _follow(person: Person, student: Student, by: Identity, now: datetime) -> None:
    """What comes of a conflict, wherever it was recorded."""
    capstone = queries.capstone_of_student(student.id)
    if capstone is not None:
        release_expert(person=person, capstone=capstone, by=by, now=now)
    _tell_in_office(person, student, now)


def _tell_in_office(person: Person, student: Student, now: datetime) -> None:
    """Tell who holds an office at the student's capstone, and the heads who have to put somebody else there."""
    capstone = queries.capstone_of_student(student.id)
    held = exceptions_of([capstone]).get(capstone.id, ()) if capstone is not None and capstone.state in LIVE else ()
    if capstone is None or not any(people.is_same_human(one.person_id, person.id) for one in held):
        return
    accounts = sorted({*identity.accounts_of_persons([person.id]).values(), *heads_of(student)})
    if accounts:
        notifications.notify(
            account_ids=accounts,
            kind="capstones.conflict",
            message=TOLD_CONFLICT,
            values={"name": person.name, "student": session().get_one(Person, student.person_id).name},
            url=f"/capstones/{capstone.id}",
            unique_key=f"capstones.conflict:{capstone.id}:{person.id}:{now.isoformat()}",
            now=now,
        )


def lift_conflict(*, conflict: Conflict, reason: str, by: Identity, now: datetime) -> Conflict:
    """Lift a conflict of interest that does not stand (any more), with the reason, which the audit keeps; the row stays. A repeat changes nothing.

    Nobody lifts their own: WrongPerson."""
    if conflict.lifted_at is None:
        if by.person_id is not None and people.is_same_human(by.person_id, conflict.person_id):
            raise WrongPerson(_("自己的回避关系须由另一位负责人解除，没有改动。"))
        why = given(reason, _("请写明解除的理由：登记有误，或关系已不存在。"), field="reason")
        conflict.lifted_at = now
        session().flush()
        audit.record(by=by, did="capstones.conflict.lifted", on=conflict, data={"reason": why})
    return conflict
