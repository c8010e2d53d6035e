"""Reminders: mentors of days that wait, students of a week without a day, everybody of leave without a known end, schools and enterprises of mentors who leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from enterprises.mentors import queries as mentors
from enterprises.placements import queries
from enterprises.placements.operations._support import has_reader, parameter, tell, tell_heads
from enterprises.placements.operations.finishing import LAST_DAYS
from enterprises.placements.operations.links import remind_without_account
from enterprises.placements.queries.absent import late_starts, unanswered
from enterprises.placements.queries.unlogged import gaps_of_week
from enterprises.placements.queries.waiting import left_undone
from trainhub.identity import queries as identities
from trainhub.kernel.access import Role
from trainhub.kernel.i18n import N_
from trainhub.notifications.operations import notify
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.people.types import StudentState


def remind_mentors(*, today: date, now: datetime, sends_links: bool = True) -> int:
    """Tell mentors of days that wait longer than own.placement.confirm_due_days, and of marks to give, once in an ISO week; how many mentors days wait for.

    One without an account gets a one-time link by e-mail or short message, where a channel and an address are known (not
    without `sends_links`: the demo has nobody to send to).
    """
    due = today - timedelta(days=parameter("own.placement.confirm_due_days", today).number)
    waiting = queries.mentors_waited_for(due, today=today)
    year, week, _weekday = today.isocalendar()
    accounts = identities.accounts_of_persons({person_id for person_id, _count in waiting})
    for person_id, count in waiting:
        if person_id not in accounts:
            if sends_links:
                remind_without_account(person_id=person_id, now=now)
            continue
        tell(
            [person_id],
            kind="placements.confirm_due",
            message=N_("有 %(count)d 个实习日等待确认已超过期限，请尽快处理。"),
            url="/placements/confirm",
            key=f"confirm:{person_id}:{year}-W{week:02d}",
            now=now,
            count=count,
        )
    _remind_of_marks({person_id for person_id, _count in waiting}, today=today, now=now, sends_links=sends_links)
    return len(waiting)


def _remind_of_marks(told: set[int], *, today: date, now: datetime, sends_links: bool) -> None:
    """The same of marks, from the last week of a placement on; one without an account who was sent a link for days has them in it."""
    marks, (year, week, _weekday) = queries.marks_waited_for(today + LAST_DAYS, today=today), today.isocalendar()
    accounts = identities.accounts_of_persons({person_id for person_id, _count in marks})
    for person_id, count in marks:
        if person_id in accounts:
            tell(
                [person_id],
                kind="placements.grade_due",
                message=N_("有 %(count)d 项实习等待你评定成绩，评定后才能办结。"),
                url="/placements/confirm",
                key=f"grade_due:{person_id}:{year}-W{week:02d}",
                now=now,
                count=count,
            )
        elif sends_links and person_id not in told:
            remind_without_account(person_id=person_id, now=now)


def remind_students(*, today: date, now: datetime) -> int:
    """Tell students of the working days of last week that they neither logged, nor were away on, nor asked leave for, once a week; how many students."""
    monday = today - timedelta(days=today.weekday() + 7)
    year, week, _weekday = monday.isocalendar()
    gaps = gaps_of_week(monday)
    for gap in gaps:
        tell(
            [gap.person_id],
            kind="placements.log_due",
            message=N_("上周还有 %(n)d 个工作日没有登记，请补登记或请假。") if gap.logged else N_("上周还没有登记实习日，请补登记或请假。"),
            url=f"/placements/{gap.placement_id}/days?week={monday.isoformat()}",
            key=f"log_due:{gap.placement_id}:{year}-W{week:02d}",
            now=now,
            **({"n": gap.lacking} if gap.logged else {}),
        )
    return len(gaps)


ANSWER_BEFORE = timedelta(days=14)
"""So long before the first day whoever has not accepted a placement is reminded each week."""


WHO = {
    "host": (Role.ENTERPRISE_COORDINATOR, "organisation_id"),
    "university": (Role.UNIVERSITY_ADMIN, "organisation_id"),
    "programme": (Role.PROGRAMME_ADMIN, "programme_id"),
}
"""Who hears of late starts and of what nobody may mark, and over what they hold their role."""


LISTS = {"start_due": "late", "undone": "undone"}
"""By kind of reminder the list that holds what it counts."""
START_DUE = N_("有 %(n)d 项实习已到开始日期还没有开始：请核对学生确认、协议、保险、安全教育和指导教师，齐备后登记开始；不再进行的请撤销。")


def _of_school(students: Iterable[Student]) -> Counter[tuple[str, int]]:
    """How many of them each university and each programme has."""
    return Counter(one for student in students for one in (("university", student.university_id), ("programme", student.programme_id)))


def _tell_counts(counts: Mapping[tuple[str, int], int], students: Iterable[Student], *, kind: str, message: str, today: date, now: datetime) -> None:
    """Tell each of `WHO`, once in an ISO week, how many placements of theirs wait. `students`: of all that is counted."""
    year, week, _weekday = today.isocalendar()
    schools, whole = {student.programme_id: student.university_id for student in students}, dict[int, set[int]]()
    for (what, over), count in sorted(counts.items(), key=lambda one: (one[0][0] == "programme", one[0])):
        role, scope = WHO[what]
        where: dict[str, Any] = {scope: over}
        accounts = set(identities.accounts_holding(role, today=today, **where))
        if what == "university":
            whole[over] = accounts
        elif what == "programme":  # who answers for this very university is told of all its programmes at once
            accounts -= whole[schools[over]]
        notify(
            account_ids=accounts,
            kind=f"placements.{kind}",
            message=message,
            values={"n": count},
            url=f"/placements/?state={LISTS[kind]}",
            unique_key=f"{kind}:{what}:{over}:{year}-W{week:02d}",
            now=now,
        )


def remind_of_starts(*, today: date, now: datetime) -> dict[str, int]:
    """Once in an ISO week: students who have not accepted what begins within two weeks or should have begun; enterprises and heads of placements
    whose first day has passed and that nobody started, each with how many of theirs. What is over by now, or of a student who is suspended or has
    left, can only be taken back: that is the heads' alone. Nothing is changed; how many of either."""
    year, week, _weekday = today.isocalendar()
    this_week = f"{year}-W{week:02d}"
    waiting = unanswered(today + ANSWER_BEFORE, today=today)
    for row, student in waiting:
        tell(
            [student.person_id],
            kind="placements.accept_due",
            message=N_("你还没有确认从 %(day)s 开始的实习安排，请尽快确认；不能参加的请写明理由退出。"),
            url=f"/placements/{row.id}",
            key=f"placement:{row.id}:accept:{this_week}",
            now=now,
            day=row.starts_on.isoformat(),
        )
    late = late_starts(today)
    counts = Counter(
        ("host", row.enterprise_id) for row, student in late if row.ends_on >= today and student.state is StudentState.ENROLLED
    ) + _of_school(student for _row, student in late)
    _tell_counts(counts, [student for _row, student in late], kind="start_due", message=START_DUE, today=today, now=now)
    return {"unanswered": len(waiting), "late": len(late)}


OPEN_LEAVE = timedelta(days=7)
"""How long leave without a known end runs before everybody is asked whether it is over."""


def remind_of_open_leave(*, today: date, now: datetime) -> int:
    """Ask whether leave without a known end is over, from a week after it began: student and mentor once in an ISO week, the school once a month, or
    each week where no mentor in office has an account. How many leaves; nothing is changed."""
    open_ = queries.open_leave(today, begun_by=today - OPEN_LEAVE)
    year, week, _weekday = today.isocalendar()
    for event, placement in open_:
        guide = mentors.by_id(placement.mentor_id) if placement.mentor_id is not None else None
        is_read, student = has_reader(guide, today=today), queries.student(placement.student_id)
        this_week, this_month = f"{year}-W{week:02d}", f"{today:%Y-%m}"
        said: dict[str, Any] = {
            "kind": "placements.leave_open",
            "url": f"/placements/{placement.id}/events",
            "now": now,
            "a": event.since.isoformat(),
            "n": (today - event.since).days,
        }
        tell([student.person_id], message=LEAVE_OPEN_STUDENT, key=f"event:{event.id}:open:student:{this_week}", **said)
        said["name"] = people.names_of([student.person_id])[student.person_id]
        if is_read and guide is not None:
            tell([guide.person_id], message=LEAVE_OPEN, key=f"event:{event.id}:open:mentor:{this_week}", **said)
        tell_heads(student, message=LEAVE_OPEN, key=f"event:{event.id}:open:school:{this_month if is_read else this_week}", **said)
    return len(open_)


LEAVE_OPEN_STUDENT = N_(
    "%(a)s 起的请假或中断已持续 %(n)d 天，还没有登记结束。已恢复到岗的，请告知企业指导教师或学校登记最后一天，之后的日子才能登记。"
)
LEAVE_OPEN = N_("%(name)s从 %(a)s 起的请假或中断已持续 %(n)d 天，结束了吗？已恢复到岗的，请登记最后一天，之后的日子才能登记。")


def warn_of_days_against(*, today: date, now: datetime) -> int:
    """Tell the school of confirmed days in a suspension that was entered later, or after the student left: they stay credited until
    somebody corrects them. Once for the same days; how many students."""
    against = queries.confirmed_against()
    for student_id, entries in against.items():
        student = queries.student(student_id)
        notify(
            account_ids={
                *identities.accounts_holding(Role.PROGRAMME_ADMIN, today=today, programme_id=student.programme_id),
                *identities.accounts_holding(Role.UNIVERSITY_ADMIN, today=today, organisation_id=student.university_id),
            },
            kind="placements.days_against",
            message=N_("%(student)s有 %(count)d 个已确认的实习日在休学期间或离校之后（%(first)s 至 %(last)s），仍计在周数里，请核对并更正。"),
            values={
                "student": people.names_of([student.person_id])[student.person_id],
                "count": len(entries),
                "first": entries[0].on.isoformat(),
                "last": entries[-1].on.isoformat(),
            },
            url=f"/placements/students/{student_id}/weeks",
            unique_key=f"student:{student_id}:against:{entries[0].on.isoformat()}:{entries[-1].on.isoformat()}:{len(entries)}",
            now=now,
        )
    return len(against)


def warn_of_leaving_mentors(*, today: date, now: datetime) -> int:
    """Tell school and enterprise of placements that outlast the office of their mentor, and of those that are over and wait for a mark or a confirmed
    day of somebody who is in office no more, each once; how many placements."""
    undone = [one for one in left_undone(today) if one.until is not None and one.until < today]  # whoever stood back was told of at once
    over = {one.placement.id for one in undone}
    leaving = [one for one in queries.leaving_mentors() if one.placement.id not in over]
    for one in (*leaving, *undone):
        row, student, is_over = one.placement, one.student, one.placement.id in over
        assert one.until is not None
        ends = {} if is_over else {"ends": row.ends_on.isoformat()}  # the last day of what was withdrawn is another one
        notify(
            account_ids={
                *identities.accounts_holding(Role.PROGRAMME_ADMIN, today=today, programme_id=student.programme_id),
                *identities.accounts_holding(Role.UNIVERSITY_ADMIN, today=today, organisation_id=student.university_id),
                *identities.accounts_holding(Role.ENTERPRISE_COORDINATOR, today=today, organisation_id=row.enterprise_id),
            },
            kind="placements.mentor_leaves",
            message=N_("%(mentor)s的聘任已于 %(until)s 结束，%(student)s的实习还没有成绩或有实习日等待确认。请另行安排指导教师。")
            if is_over
            else N_("%(mentor)s的聘任到 %(until)s，%(student)s的实习到 %(ends)s。请续聘或另行安排指导教师。"),
            values={"mentor": one.mentor, "until": one.until.isoformat(), "student": one.name, **ends},
            url=f"/placements/{row.id}",
            unique_key=f"placement:{row.id}:mentor:{row.mentor_id}:{one.until.isoformat()}{':over' if is_over else ''}",
            now=now,
        )
    return len(leaving) + len(undone)


UNDONE = N_("有 %(n)d 项已结束的实习还没有成绩或有实习日等待确认，而指导教师已离任、须回避或没有安排。请另行安排指导教师。")


def remind_of_undone(*, today: date, now: datetime) -> int:
    """Once in an ISO week tell enterprises and heads of placements that ran and are over, wait for a mark or a confirmed day, and have nobody who may
    give it (`left_undone`), each with how many of theirs: what they bring comes only with it. How many placements; nothing is changed."""
    undone = left_undone(today)
    counts = Counter(("host", one.placement.enterprise_id) for one in undone) + _of_school(one.student for one in undone)
    _tell_counts(counts, [one.student for one in undone], kind="undone", message=UNDONE, today=today, now=now)
    return len(undone)
