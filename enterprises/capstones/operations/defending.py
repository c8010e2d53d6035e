"""答辩: panels meet by a timetable without clashes, the secretary records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from enterprises.capstones import queries, scheduling
from enterprises.capstones.impartiality import Office
from enterprises.capstones.models import Capstone, DefenceGroup, DefenceMember, DefenceSlot
from enterprises.capstones.operations._support import CapstoneRefused, WrongPerson, WrongState, demand, demand_room, demand_window, given, stop, tell
from enterprises.capstones.operations.grading import compute, demand_account
from enterprises.capstones.operations.impartial import demand_no_student
from enterprises.capstones.operations.judging import alike, demand_original, tell_revise
from enterprises.capstones.operations.standing import against_defence
from enterprises.capstones.queries.defences import hold_place, read_blind_by, submitted_in
from enterprises.capstones.rules import half_up
from enterprises.capstones.types import Action, CapstoneState, Verdict, WindowStage
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _, listed
from trainhub.people.models import Person
from trainhub.people.queries import is_same_human
from trainhub.programmes.models import Cohort, Programme

TOLD_AGAIN = N_("答辩结论：修改后再审。请按意见修改，重新提交论文，再次答辩")
TOLD_AGAIN_SUPERVISORS = N_("%(name)s 的答辩结论：修改后再审。论文修改重交后再次答辩，请指导")
TOLD_SECRETARY = N_("你担任毕业设计答辩秘书：%(day)s %(time)s，%(room)s")
TOLD_NO_SECRETARY = N_("你不再担任毕业设计答辩秘书：%(day)s %(time)s，%(room)s")
TOLD_CALLED_OFF = N_("毕业设计答辩安排已取消，请等待新的安排：%(day)s %(time)s，%(room)s")
LEAST_JUDGES = 2
"""How many of a panel of three or more give points when somebody has to leave for one student."""
TOLD_DEFENCE = N_("毕业设计答辩：%(day)s %(time)s，%(room)s")


def form_group(
    *,
    cohort: Cohort,
    name: str,
    room: str,
    on: date,
    starts_minute: int,
    minutes_each: int,
    chair: Person,
    members: Sequence[Person],
    secretary: Person,
    by: Identity,
    now: datetime,
) -> DefenceGroup:
    """Form a panel: a chair, at least two further members, a secretary outside the panel and with an account, on a day inside the window of defences.

    Refused when its room, or one of its people, is elsewhere at that time, in whatever programme. Raises CapstoneRefused.
    """
    name = given(name, _("请填写组名。"), field="name", most=60)
    room = given(room, _("请填写地点。"), field="room", most=100)
    panel = [chair.id, *dict.fromkeys(person.id for person in members if person.id != chair.id)]
    demand_group(
        cohort=cohort, on=on, starts_minute=starts_minute, minutes_each=minutes_each, panel=panel, secretary=secretary, today=local(now).date()
    )
    hold_place(_university(cohort), {*panel, secretary.id})
    row = DefenceGroup(
        programme_id=cohort.programme_id,
        cohort_id=cohort.id,
        name=name,
        room=room,
        on=on,
        starts_minute=starts_minute,
        minutes_each=minutes_each,
        secretary_id=secretary.id,
    )
    session().add(row)
    session().flush()
    session().add_all(DefenceMember(group_id=row.id, person_id=key, is_chair=at == 0) for at, key in enumerate(panel))
    session().flush()
    beside = queries.groups_beside([on], _university(cohort), {*panel, secretary.id}, hold=True)
    demand_no_clash(queries.sessions_of(beside, own=cohort.id), only=row.id)
    audit.record(
        by=by, did="capstones.defence.formed", on=row, data={"name": name, "on": on, "room": room, "panel": panel, "secretary": secretary.id}
    )
    return row


def demand_group(*, cohort: Cohort, on: date, starts_minute: int, minutes_each: int, panel: Sequence[int], secretary: Person, today: date) -> None:
    """Refuse a panel that cannot be, whoever else meets at that time: `panel` has the chair first. Raises CapstoneRefused."""
    if len(panel) < 3:
        raise CapstoneRefused(_("答辩组至少三人：一位组长和两位成员。"), field="members")
    if secretary.id in panel:
        raise CapstoneRefused(_("秘书不能同时是答辩组成员。"), field="secretary_id")
    demand_no_student(*(session().get_one(Person, key) for key in panel), field="members")
    demand_no_student(secretary, field="secretary_id")
    demand_account(secretary)
    if not 0 <= starts_minute < 1440 or not 5 <= minutes_each <= 180:
        raise CapstoneRefused(_("每人时间须在 5 至 180 分钟之间。"), field="minutes_each")
    if starts_minute + minutes_each > 1440:
        raise CapstoneRefused(
            _("%(time)s 开始，到 24 时连一名学生也排不下，请改早一些。", time=scheduling.clock_of(starts_minute)), field="starts_at"
        )
    if on < today:
        raise CapstoneRefused(_("这一天已经过去，请填写今天或以后的日期。"), field="on")
    window = queries.windows_of(cohort.id).get(WindowStage.DEFENCE)
    if window is None:
        return
    last = max((window.closes_on, *queries.extensions_in(cohort.id, WindowStage.DEFENCE).values()))
    if not window.opens_on <= on <= last:
        raise CapstoneRefused(
            _("答辩时间是 %(a)s 至 %(b)s，这一天不在其中，秘书将无法登记。", a=window.opens_on.isoformat(), b=last.isoformat()),
            field="on",
        )


def _university(cohort: Cohort) -> int:
    return session().get_one(Programme, cohort.programme_id).university_id


def demand_no_clash(sessions: Sequence[scheduling.Session], *, students: Mapping[int, int] | None = None, only: int) -> None:
    """Refuse a group that meets at the same time as another one in the same room or with the same person."""
    one = next(s for s in sessions if s.id == only)
    for other in sessions:
        clash = scheduling.clash_of([one, other], students=students) if other.id != only else None
        if clash is not None:
            raise CapstoneRefused(
                _(
                    "“%(a)s”与“%(b)s”时间重叠，而%(what)s相同。请先调整。",
                    a=clash.first,
                    b=clash.second,
                    what=_("地点") if clash.what == scheduling.ROOM else clash.what,
                ),
                code="clash",
            )


def drop_group(*, group: DefenceGroup, by: Identity, now: datetime) -> None:
    """Remove a group without records; when it was published everybody of it is told. Raises CapstoneRefused."""
    queries.hold(
        capstone.id for _slot, capstone, *_rest in queries.slots_of_group(group.id)
    )  # whoever grades at this moment sees no place, or is seen
    queries.open_slots([group.id])
    slots = queries.slots_of_group(group.id)
    if any(slot.recorded_at is not None for slot, *_rest in slots):
        raise CapstoneRefused(_("这一组已有答辩记录，不能删除。"))
    audit.record(by=by, did="capstones.defence.removed", on=group, data={"name": group.name, "students": len(slots)})
    if group.published_at is not None:
        key = f"called_off:{group.id}:{group.published_at.isoformat()}"
        for slot, capstone, _student, person in slots:
            _tell_place(group, slot.starts_minute, [person.id], f"{key}:{capstone.id}", f"/capstones/{capstone.id}", now, TOLD_CALLED_OFF)
        panel = [member.person_id for member, _name in queries.members_of_group(group.id)]
        _tell_place(group, group.starts_minute, [*panel, group.secretary_id], key, "/capstones/tasks", now, TOLD_CALLED_OFF)
    for slot, *_rest in slots:
        session().delete(slot)
    for member, _name in queries.members_of_group(group.id):
        session().delete(member)
    session().flush()
    session().delete(group)
    session().flush()
    for _slot, capstone, *_rest in slots:
        if capstone.state is CapstoneState.SUBMITTED:
            compute(capstone, local(now).date())


def exchange_secretary(*, group: DefenceGroup, secretary: Person, by: Identity, now: datetime) -> DefenceGroup:
    """Let somebody else keep the record of a group that has not recorded everything; who is in the timetable is told. A repeat changes nothing.

    Outside the panel, with an account, and free at that time in whatever programme. Raises CapstoneRefused.
    """
    if group.secretary_id == secretary.id:
        return group
    if secretary.id in {member.person_id for member, _name in queries.members_of_group(group.id)}:
        raise CapstoneRefused(_("秘书不能同时是答辩组成员。"), field="secretary_id")
    demand_no_student(secretary, field="secretary_id")
    demand_account(secretary)
    cohort = session().get_one(Cohort, group.cohort_id)
    people = {secretary.id, group.secretary_id, *(member.person_id for member, _name in queries.members_of_group(group.id))}
    hold_place(_university(cohort), people)
    queries.groups_beside([group.on], _university(cohort), people, hold=True)
    slots = [slot for slot, *_rest in queries.slots_of_group(group.id)]
    if slots and all(slot.recorded_at is not None for slot in slots):
        raise CapstoneRefused(_("这一组的答辩都已登记，不需要更换秘书。"), field="secretary_id")
    before, group.secretary_id = group.secretary_id, secretary.id
    session().flush()
    beside = queries.groups_beside([group.on], _university(cohort), people)
    demand_no_clash(queries.sessions_of(beside, own=cohort.id), only=group.id)
    audit.record(by=by, did="capstones.defence.changed", on=group, data={"secretary": secretary.id, "before": before})
    if group.published_at is not None:
        at, key = group.starts_minute, f"secretary:{group.id}:{now.isoformat()}"
        _tell_place(group, at, [before], f"{key}:before", "/capstones/tasks", now, TOLD_NO_SECRETARY)
        _tell_place(group, at, [secretary.id], f"{key}:after", "/capstones/tasks", now, TOLD_SECRETARY)
    return group


def place_defence(*, capstone: Capstone, by: Identity) -> None:
    """Refuse a place in the timetable to who may not give it, and to a thesis that is not in."""
    demand(capstone, Action.PLACE, by)


def timetable(*, cohort: Cohort, by: Identity, today: date, now: datetime) -> scheduling.Timetable:
    """Give every submitted thesis of a cohort a place in a group, none of whose members supervises it or has a conflict of interest.

    Places that stand and are not recorded are made anew, but for those of today that have begun: they wait for their record. No place begins before
    now, no room holds two groups and nobody sits at two places at once, over all
    programmes: what others have planned stays, and no group runs into it. Whoever finds no place is named with the reason, and
    whose thesis lies above the limit of similarity gets none (`alike`).
    Raises CapstoneRefused without groups, or when groups overlap.
    """
    groups = [group for group in queries.groups_of(cohort.id) if group.on >= today]
    if not groups:
        raise CapstoneRefused(_("还没有今天以后的答辩组，请先建立。"))
    queries.hold(submitted_in(cohort.id))  # nobody ends, or gets a supervisor who sits in the panel, while places are given
    minute = local(now).hour * 60 + local(now).minute
    begun = {group.id for group in groups if group.on == today and group.starts_minute < minute}
    old = [slot for slot in queries.open_slots([group.id for group in groups]) if slot.group_id not in begun or slot.starts_minute >= minute]
    people = {key for one in queries.sessions_of(groups) for key in one.people}
    beside = queries.groups_beside({group.on for group in groups}, _university(cohort), people, hold=True)
    mine = {group.id for group in groups}
    sessions = [one.begun_at(minute) if one.id in begun else one for one in queries.sessions_of(beside, own=cohort.id)]
    own, around = [s for s in sessions if s.id in mine], [s for s in sessions if s.id not in mine]
    students = {one.id: 0 if one.taken else 1 for one in own}
    for one in own:
        demand_no_clash(sessions, students=students, only=one.id)
    stood = {slot.capstone_id: (slot.id, slot.group_id, slot.starts_minute) for slot in old}
    for slot in old:
        session().delete(slot)
    session().flush()
    same = alike(due := queries.to_defend(cohort.id), today)
    waiting = [row for row in due if row.id not in same]
    found = _place(cohort, waiting, own, around)
    by_id = {row.id: row for row in due}
    for capstone_id, (group_id, minute) in sorted(found.placed.items()):
        place_defence(capstone=by_id[capstone_id], by=by)
        key, *before = stood.get(capstone_id, (None,))
        kept = key if before == [group_id, minute] else None  # the same place is the same row: nobody is told of it twice
        session().add(DefenceSlot(id=kept, group_id=group_id, capstone_id=capstone_id, starts_minute=minute, scores={}))
    session().flush()
    _tell_moved({group.id: group for group in groups}, stood, found.placed, now)
    for capstone_id in sorted(found.left | same):
        compute(by_id[capstone_id], today)
    said = {"placed": len(found.placed), "left": sorted(found.left), "alike": sorted(same)}
    audit.record(by=by, did="capstones.defence.placed", on=("cohort", str(cohort.id)), data=said)
    return replace(found, alike=same)


def _place(
    cohort: Cohort, waiting: Sequence[Capstone], own: Sequence[scheduling.Session], around: Sequence[scheduling.Session]
) -> scheduling.Timetable:
    """Places for everybody in the groups inside the window; who has none, and has been given more time, in those after it that the extension reaches."""
    window, barred = queries.windows_of(cohort.id).get(WindowStage.DEFENCE), queries.barred_from_each(waiting, Office.PANEL)
    late = sorted((one for one in own if window is not None and one.on > window.closes_on), key=lambda one: (one.on, one.starts_minute, one.id))
    usual = [one for one in own if one not in late]
    found = scheduling.place([row.id for row in waiting], usual, barred, around=[*around, *late])
    more = queries.extensions_in(cohort.id, WindowStage.DEFENCE) if late else {}
    placed, left = dict(found.placed), set(found.left)
    for one in late:
        able = [key for key in sorted(left) if key in more and more[key] >= one.on]
        later = scheduling.place(able, [one], barred, around=[*around, *(other for other in own if other is not one)])
        placed |= later.placed
        left -= set(later.placed)
    return scheduling.Timetable(placed, frozenset(left))


def _tell_moved(
    groups: Mapping[int, DefenceGroup], stood: Mapping[int, tuple[int, int, int]], placed: Mapping[int, tuple[int, int]], now: datetime
) -> None:
    """Tell the students whose place was published and is theirs no more, whether they have another one (which is told when it is published) or none."""
    for capstone_id, (_key, group_id, minute) in sorted(stood.items()):
        group = groups[group_id]
        if group.published_at is None or placed.get(capstone_id) == (group_id, minute):
            continue
        capstone = session().get_one(Capstone, capstone_id)
        key = f"moved:{capstone_id}:{group_id}:{minute}:{now.isoformat()}"
        _tell_place(group, minute, [queries.person_of_student(capstone)], key, f"/capstones/{capstone_id}", now, TOLD_CALLED_OFF)


def _demand_points(capstone: Capstone, group: DefenceGroup, scores: Mapping[int, int]) -> None:
    """Every member gives points, except who may not judge this student (any more): that one leaves, and at least two are left."""
    panel = {member.person_id: name for member, name in queries.members_of_group(group.id)}
    barred = queries.barred_from(capstone, Office.PANEL) & set(panel)
    if barred & set(scores):
        names = listed(panel[key] for key in sorted(barred & set(scores)))
        raise CapstoneRefused(_("%(names)s 须回避这名学生的答辩（导师或有利益关系），不能给分：请只填其他成员的分数。", names=names), field="scores")
    left = set(panel) - barred
    if len(left) < LEAST_JUDGES:
        raise CapstoneRefused(_("答辩组中须回避的人太多，给分的成员不足两位。请专业负责人为这名学生重排答辩。"), field="scores", code="too_few")
    if set(scores) != left or any(not 0 <= value <= 100 for value in scores.values()):
        raise CapstoneRefused(_("每位成员都要给 0 至 100 的整数分。"), field="scores")


def publish_timetable(*, cohort: Cohort, by: Identity, now: datetime) -> int:
    """Tell students, panels and secretaries when and where they meet from today on; how many groups are new. Telling again tells nobody twice.

    Raises CapstoneRefused when nobody has a place.
    """
    told, today = 0, local(now).date()
    meeting = [(group, slots) for group in queries.groups_of(cohort.id) if group.on >= today and (slots := queries.slots_of_group(group.id))]
    if not meeting:
        raise CapstoneRefused(_("今天以后的答辩组还没有排学生，没有可以公布的安排。请先排时间表。"))
    for group, slots in meeting:
        told += group.published_at is None
        group.published_at = group.published_at or now
        for slot, _capstone, _student, person in slots:
            _tell_place(
                group,
                slot.starts_minute,
                [person.id],
                f"slot:{slot.id}:{slot.capstone_id}:{group.id}:{slot.starts_minute}",
                f"/capstones/{slot.capstone_id}",
                now,
            )
        everybody = [member.person_id for member, _name in queries.members_of_group(group.id)] + [group.secretary_id]
        _tell_place(group, group.starts_minute, everybody, f"group:{group.id}", "/capstones/tasks", now)
    session().flush()
    audit.record(by=by, did="capstones.defence.published", on=("cohort", str(cohort.id)), data={"groups": told})
    return told


def _tell_place(group: DefenceGroup, minute: int, people: Sequence[int], key: str, url: str, now: datetime, message: str = TOLD_DEFENCE) -> None:
    values = {"day": group.on.isoformat(), "time": scheduling.clock_of(minute), "room": group.room}
    tell(person_ids=people, kind="capstones.defence", message=message, values=values, url=url, unique_key=f"capstones.defence:{key}", now=now)


def record_defence(
    *, slot: DefenceSlot, scores: Mapping[int, int], questions: str, verdict: Verdict, file_id: int | None = None, by: Identity, today: date,
    now: datetime,
) -> DefenceSlot:  # fmt: skip
    """The secretary's record: what was asked, points 0 to 100 of every member, the conclusion, a scan of the signed sheets if there is one.

    Once; `revise` asks for a second defence.

    Raises WrongPerson, WrongState (before the day, outside the window), CapstoneRefused.
    """
    capstone = session().get_one(Capstone, slot.capstone_id)
    group = session().get_one(DefenceGroup, slot.group_id)
    demand(capstone, Action.DEFEND, by)
    if not is_same_human(by.person_id, group.secretary_id):
        raise WrongPerson(_("只有这一答辩组的秘书可以登记。"))
    if is_same_human(by.person_id, queries.person_of_student(capstone)):
        raise WrongPerson(_("学生本人不能登记自己的答辩。"))
    if read_blind_by(by.person_id, [capstone.id]):
        raise WrongState(_("这篇论文还等你盲评：签署后才能登记答辩。"), code="blind_first")
    session().refresh(slot)  # `demand` holds the capstone: what another window recorded meanwhile is seen only now
    if slot.recorded_at is not None:
        raise CapstoneRefused(_("这次答辩已经登记。"), code="already_graded")
    if today < group.on:
        raise WrongState(_("答辩在 %(day)s，还不能登记。", day=group.on.isoformat()))
    demand_window(capstone, WindowStage.DEFENCE, now)
    stop(against_defence(capstone))
    if verdict is Verdict.PASS:
        demand_original(capstone, today)
    _demand_points(capstone, group, scores)
    slot.questions = given(questions, _("请记录提问与回答。"), field="questions", most=8000)
    if file_id is not None:
        demand_room(capstone, file_id, now)
        slot.file_id = file_id
    slot.scores = {str(key): value * 10 for key, value in scores.items()}
    slot.score_x10, slot.verdict = half_up(sum(scores.values()) * 10, len(scores)), verdict
    slot.recorded_by_id, slot.recorded_at = by.account_id, now
    session().flush()
    audit.record(
        by=by, did="capstones.defence.recorded", on=capstone, data={"slot": slot.id, "score_x10": slot.score_x10, "verdict": verdict, "file": file_id}
    )
    if verdict is Verdict.REVISE:
        tell_revise(capstone, TOLD_AGAIN, TOLD_AGAIN_SUPERVISORS, f"again:{slot.id}", now)
    compute(capstone, today)
    return slot
