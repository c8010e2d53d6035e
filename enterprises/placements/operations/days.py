"""Days: logged by the student, decided by the mentor, pushed to the ledger; corrections."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import update

from enterprises.mentors import queries as mentors
from enterprises.placements import labels, queries, rules
from enterprises.placements.models import DayEntry, Placement
from enterprises.placements.operations._support import (
    BadDay,
    WrongState,
    demand_free,
    demand_host,
    demand_signer,
    hold,
    hold_weeks,
    parameter,
    tell,
)
from enterprises.placements.operations.certifying import correct_certificates, has_ended, issue_certificate
from enterprises.placements.operations.conflicts import release_again
from enterprises.placements.operations.counting import settle_trainings
from enterprises.placements.types import DayProblem, DayState, Ground, PlacementState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import N_, _
from trainhub.ledger import operations as ledger
from trainhub.ledger import queries as ledger_queries
from trainhub.ledger.types import Source
from trainhub.people import queries as people
from trainhub.people.models import Student


def log_day(*, placement: Placement, on: date, today: date, by: Identity, now: datetime, note: str | None = None) -> DayEntry:
    """Log one day; saving it twice is one day (the note of the later one, if it says one, stays while it waits).

    A rejected day may be logged again (also after the end) and waits anew; what was sent back stays readable beside it. Raises BadDay outside the placement, in the future, before the start.
    """
    hold(placement)
    away, ground = queries.absences_of(placement.id), queries.ground_of(placement)
    row = _enter(placement, queries.day_entry(placement.id, on), on, note, away=away, ground=ground, today=today, by=by, now=now)
    session().flush()
    release_again(placement, by=by, now=now)
    return row


def _enter(
    placement: Placement,
    row: DayEntry | None,
    on: date,
    note: str | None,
    *,
    away: Sequence[tuple[date, date]],
    ground: Ground,
    today: date,
    by: Identity,
    now: datetime,
) -> DayEntry:
    """What `log_day` promises, with the known entry of the day at hand; the caller flushes."""
    span = (placement.starts_on, placement.ends_on)
    is_returned = row is not None and row.id in {one.id for one in queries.returned(placement, [row])}
    problem = rules.day_problem(on, span=span, state=placement.state, today=today, away=away, ground=ground, is_returned=is_returned)
    if problem is not None:
        raise BadDay(_("%(day)s：", day=on) + str(labels.DAY_PROBLEMS[problem]), field="days", code=problem.value)
    said = note.strip()[:1000] if note is not None else None
    if row is None:
        row = DayEntry(placement_id=placement.id, student_id=placement.student_id, on=on, note=said or "", created_at=now)
        session().add(row)
        audit.record(by=by, did="placements.day.logged", on=placement, data={"day": on})
    elif row.state is DayState.REJECTED:
        wait_anew(row, said or "")
        audit.record(by=by, did="placements.day.logged", on=placement, data={"day": on, "again": True})
    elif row.state is DayState.PENDING and said is not None and row.note != said:
        row.note = said
    return row


def log_week(
    *,
    placement: Placement,
    days: Mapping[date, str],
    week: Iterable[date],
    today: date,
    by: Identity,
    now: datetime,
    shown: Mapping[date, int] | None = None,
) -> tuple[int, int]:
    """Save the ticked days of a week with their notes; days that wait and are no longer ticked are taken back, but for those that
    have no box any more (a policy that ends before, a suspension, safety training moved): nobody unticked them.

    `shown`: the version of each day's entry that the page had shown, 0: none. A day that was logged, changed or decided since then
    is neither taken back nor overwritten.

    The result is (logged anew, taken back). Confirmed days stay. Raises BadDay as `log_day` does, Stale; for the whole week.
    """
    span = sorted(week)
    hold(placement)
    known = {entry.on: entry for entry in queries.entries_between(placement.id, span[0], span[-1])}
    if any(_is_stale(known.get(day), days.get(day), version) for day, version in (shown or {}).items()):
        raise Stale(_("这一周的实习日刚在别处保存过，或指导教师刚处理过，你的修改没有保存。请核对下面的内容后再保存。"))
    away, ground = queries.absences_of(placement.id), queries.ground_of(placement)
    for day in sorted(days):
        if day in known and known[day].state is DayState.APPROVED:
            continue  # sent along with the rest of its week; it stays
        _enter(placement, known.get(day), day, days[day], away=away, ground=ground, today=today, by=by, now=now)
    waiting = [entry for day, entry in known.items() if day not in days and entry.state is DayState.PENDING]
    returned = {entry.id for entry in queries.returned(placement, waiting)}
    asked: dict[str, Any] = {
        "span": (placement.starts_on, placement.ends_on),
        "state": placement.state,
        "today": today,
        "away": away,
        "ground": ground,
    }
    taken_back = [entry for entry in waiting if rules.day_problem(entry.on, is_returned=entry.id in returned, **asked) is None]
    for entry in taken_back:
        take_back(entry)
    session().flush()
    release_again(placement, by=by, now=now)
    if taken_back:
        audit.record(by=by, did="placements.day.taken_back", on=placement, data={"days": sorted(entry.on.isoformat() for entry in taken_back)})
    return len(set(days) - set(known)), len(taken_back)


def take_back_day(*, placement: Placement, on: date, by: Identity, now: datetime) -> bool:
    """The student takes a waiting day back that has no box to untick any more; whether there was one. Raises BadDay once it is decided."""
    hold(placement)
    entry = queries.day_entry(placement.id, on)
    if entry is None or entry.state is DayState.REJECTED:
        return False
    if entry.state is DayState.APPROVED:
        raise BadDay(_("%(day)s 的实习日已经确认，不能撤回；有误的请学校更正。", day=on), field="days", code="day_confirmed")
    take_back(entry)
    session().flush()
    audit.record(by=by, did="placements.day.taken_back", on=placement, data={"days": [on.isoformat()]})
    return True


def wait_anew(entry: DayEntry, note: str) -> None:
    """Let a day that was sent back wait again with other words; what was entered before stays beside it with its reason."""
    sent_back = {"note": entry.note, "reason": entry.reason, "decided_at": entry.decided_at and entry.decided_at.isoformat()}
    entry.earlier = [*(entry.earlier or []), sent_back]
    entry.state, entry.note, entry.reason, entry.decided_at, entry.decided_by_id = DayState.PENDING, note, "", None, None


def take_back(entry: DayEntry) -> None:
    """Take a waiting day back: what was sent back before stands as it was, and is not lost with the attempt to correct it."""
    if not entry.earlier:
        session().delete(entry)
        return
    *before, last = entry.earlier
    decided = last["decided_at"] and datetime.fromisoformat(last["decided_at"])
    entry.state, entry.note, entry.reason, entry.decided_at, entry.earlier = DayState.REJECTED, last["note"], last["reason"], decided, before


def _is_stale(entry: DayEntry | None, wanted: str | None, version: int) -> bool:
    """Whether a page that had shown a version of a day would change what it had not shown; `wanted` is None for an unticked day."""
    if (entry.version if entry is not None else 0) == version:
        return False
    if entry is None or entry.state is DayState.REJECTED:
        return wanted is not None
    stands = None if wanted is None else wanted.strip()[:1000]
    return stands is None or (entry.state is DayState.PENDING and stands != entry.note)


def decide_days(
    *, placement: Placement, days: Collection[date], is_approved: bool, today: date, by: Identity, now: datetime, reason: str = ""
) -> int:
    """Confirm or reject waiting days; the result is how many. Confirmed days go to the ledger in the same transaction.

    Raises Stale when somebody else decided one of them meanwhile (nothing is changed), BadDay without days or, for a
    rejection, without a reason.
    """
    wanted = sorted(set(days))
    if not wanted:
        raise BadDay(_("请选择要处理的日期。"), field="days")
    entries = {entry.on: entry.id for entry in queries.entries_between(placement.id, wanted[0], wanted[-1])}
    unknown = [day for day in wanted if day not in entries]
    if unknown:
        raise BadDay(_("学生没有登记 %(day)s，或已自行撤回。请刷新后再处理。", day=unknown[0]), field="days")
    return decide_entries(
        placement=placement, entry_ids=[entries[day] for day in wanted], is_approved=is_approved, today=today, by=by, now=now, reason=reason
    )


def decide_entries(
    *, placement: Placement, entry_ids: Collection[int], is_approved: bool, today: date, by: Identity, now: datetime, reason: str = ""
) -> int:
    """The same by the ids of the entries, as the mentor's page sends them. What this account has decided so already (an answer that was lost on
    a weak network) is answered the same and changes nothing."""
    reason = reason.strip()[:400]
    if not is_approved and not reason:
        raise BadDay(_("退回时请写明理由，学生会看到。"), field="reason", code="reason_needed")
    hold(placement)  # papers, leave and the end of a placement are entered before or after, not meanwhile
    hold_weeks(placement.student_id)
    if placement.state is not PlacementState.STARTED and not has_ended(placement):
        raise WrongState(_("实习没有在进行，不能确认实习日。"))
    demand_signer(placement, by=by)
    demand_host(placement, by=by, today=today)
    mentor = mentors.by_id(placement.mentor_id) if placement.mentor_id is not None else None
    if mentor is not None:
        demand_free(mentor, placement, today=today)
    ids = sorted(set(entry_ids))
    state = DayState.APPROVED if is_approved else DayState.REJECTED
    if queries.decided_alike(placement.id, ids, state=state, reason=reason, by_id=by.account_id):
        return len(ids)
    if is_approved:
        _check_ground(placement, queries.days_by_ids(ids))
    decided = session().execute(
        update(DayEntry)
        .where(DayEntry.placement_id == placement.id, DayEntry.id.in_(ids), DayEntry.state == DayState.PENDING, DayEntry.on <= today)
        .values(
            state=state,
            decided_by_id=by.account_id,
            decided_at=now,
            reason=reason,
            version=DayEntry.version + 1,
        )
        .execution_options(synchronize_session="fetch")
    )
    if not ids or decided.rowcount != len(ids):  # type: ignore[attr-defined]
        raise Stale(_("其中有的日子已被处理或撤回，本次没有改动任何一天。请刷新页面后再处理。"))
    days = queries.days_by_ids(ids)
    before = ledger_queries.confirmed_on(placement.student_id, placement.enterprise_id, days) if is_approved else ()
    if before:  # one row of the ledger for two entries: correcting one would take the other's credit
        said = _("%(day)s：学生在这家企业的另一项安排中已确认过这一天，不能重复确认。请退回这一天。", day=min(before))
        raise BadDay(said, field="days", code="confirmed_before")
    student_person = queries.person_of_student(placement.student_id)
    if is_approved:
        ledger.confirm_days(
            student_id=placement.student_id,
            enterprise_id=placement.enterprise_id,
            base_id=placement.base_id,
            days=days,
            source_id=placement.id,
            by=by,
            now=now,
        )
        reach_weeks(student_id=placement.student_id, today=today, by=by, now=now)
        if has_ended(placement):
            issue_certificate(placement=placement, by=by, today=today, now=now)  # the first day that it attests
        _settle(placement.student_id, "实习日补充确认", today, by, now)
    audit.record(
        by=by,
        did="placements.days.confirmed" if is_approved else "placements.days.rejected",
        on=placement,
        data={"days": [day.isoformat() for day in days], "reason": reason},
    )
    tell(
        [student_person],
        kind="placements.days",
        message=N_("企业指导教师确认了 %(count)d 个实习日。") if is_approved else N_("企业指导教师退回了 %(count)d 个实习日，理由：%(reason)s"),
        url=f"/placements/{placement.id}/days?week={min(days).isoformat()}",
        now=now,
        count=len(days),
        **({} if is_approved else {"reason": reason}),
    )
    return len(days)


def _settle(student_id: int, reason: str, today: date, by: Identity, now: datetime) -> None:
    """What the student's placements that are over brought, again from the days that are left: certificates, trainings of the goal."""
    correct_certificates(student_id=student_id, by=by, today=today, now=now)
    settle_trainings(placements=queries.of_students([student_id]), reason=reason, today=today, by=by, now=now)


def _check_ground(placement: Placement, days: Iterable[date]) -> None:
    """Papers that were put right, a base that moved, or leave that was granted, after a day was logged: it is not confirmed. Raises BadDay."""
    ground, away = queries.ground_of(placement), queries.absences_of(placement.id)
    for day in days:
        is_away = any(since <= day <= until for since, until in away)
        problem = DayProblem.ABSENT if is_away else rules.ground_problem(day, ground)
        if problem is not None:
            said = str(labels.DAY_PROBLEMS[problem]) + _("请退回这一天。")
            raise BadDay(_("%(day)s：", day=day) + said, field="days", code=problem.value)


def reach_weeks(*, student_id: int, today: date, by: Identity, now: datetime) -> bool:
    """Push the milestone when a student of the 卓越计划 has the year in enterprises (PETOE-7.2); True when it is new."""
    student = queries.student(student_id)
    total = ledger_queries.weeks_of(student.id)
    if total.credited_days < parameter("own.weeks.days_required", today).number or not people.is_petoe(student, today):
        return False
    _milestone, is_new = ledger.reach_milestone(
        person_id=student.person_id,
        source=Source.PLACEMENT,
        key=f"weeks:{student.id}",
        title=_("企业学习累计满 %(weeks)d 周", weeks=parameter("petoe.enterprise_weeks", today).number),
        reached_on=today,
        programme_id=student.programme_id,
        by=by,
        now=now,
    )
    if is_new:
        tell(
            [student.person_id],
            kind="placements.weeks_reached",
            message=N_("恭喜，你的企业学习已累计满 %(weeks)d 周。"),
            url="/placements/mine/weeks",
            key=f"weeks:{student.id}",
            now=now,
            weeks=parameter("petoe.enterprise_weeks", today).number,
        )
    return is_new


def correct_day(*, entry: DayEntry, placement: Placement, reason: str, today: date, by: Identity, now: datetime) -> bool:
    """Withdraw a confirmed day that turned out wrong: the ledger keeps its row with the reason, the entry is rejected.

    False when it was not confirmed. A milestone of 32 weeks that no longer holds is withdrawn too, and the certificates of
    all the student's placements that are over are corrected to the weeks that are left, as are the trainings they brought to goals.
    Raises ReasonNeeded.
    """
    hold(placement)
    hold_weeks(placement.student_id)
    session().refresh(entry)
    if entry.state is not DayState.APPROVED:
        return False
    _withdraw(entry, placement, reason, by, now)
    student = _lose_milestone(placement, reason, today, by, now)
    _settle(placement.student_id, entry.reason, today, by, now)
    tell(
        [student.person_id, queries.person_of_mentor(placement.mentor_id)],
        kind="placements.day_corrected",
        message=N_("%(day)s 的实习日已更正为不计入，理由：%(reason)s"),
        url=f"/placements/{placement.id}/days?week={entry.on.isoformat()}",
        now=now,
        day=entry.on.isoformat(),
        reason=entry.reason,
    )
    return True


def _withdraw(entry: DayEntry, placement: Placement, reason: str, by: Identity, now: datetime) -> None:
    ledger.withdraw_day(student_id=placement.student_id, enterprise_id=placement.enterprise_id, day=entry.on, reason=reason, by=by, now=now)
    entry.state, entry.reason, entry.decided_by_id, entry.decided_at = DayState.REJECTED, reason.strip()[:400], by.account_id, now
    session().flush()
    audit.record(by=by, did="placements.day.corrected", on=placement, data={"day": entry.on, "reason": entry.reason})


def _lose_milestone(placement: Placement, reason: str, today: date, by: Identity, now: datetime) -> Student:
    student = queries.student(placement.student_id)
    if ledger_queries.weeks_of(student.id).credited_days < parameter("own.weeks.days_required", today).number:
        ledger.withdraw_milestone(person_id=student.person_id, source=Source.PLACEMENT, key=f"weeks:{student.id}", reason=reason, by=by, now=now)
    return student


def correct_days_against(*, student: Student, reason: str, today: date, by: Identity, now: datetime) -> int:
    """Withdraw at once every confirmed day that lies in a suspension or after the student left (`queries.confirmed_against`): both may
    be entered after the days were confirmed. What `correct_day` does for one, with one notice for all; how many. Raises ReasonNeeded."""
    placements = {row.id: row for row in queries.of_students([student.id])}
    for placement in placements.values():
        hold(placement)
    hold_weeks(student.id)
    entries = queries.confirmed_against([student.id]).get(student.id, [])
    for entry in entries:
        _withdraw(entry, placements[entry.placement_id], reason, by, now)
    if not entries:
        return 0
    touched = [placements[key] for key in dict.fromkeys(entry.placement_id for entry in entries)]
    _lose_milestone(touched[0], reason, today, by, now)
    _settle(student.id, entries[0].reason, today, by, now)
    tell(
        [student.person_id, *(queries.person_of_mentor(row.mentor_id) for row in touched)],
        kind="placements.days_corrected",
        message=N_("%(first)s 至 %(last)s 有 %(count)d 个已确认的实习日更正为不计入，理由：%(reason)s"),
        url=f"/placements/{entries[0].placement_id}/days?week={entries[0].on.isoformat()}",
        now=now,
        first=entries[0].on.isoformat(),
        last=entries[-1].on.isoformat(),
        count=len(entries),
        reason=entries[0].reason,
    )
    return len(entries)
