"""Choice rounds: opened, chosen in (alone or as a team), planned, published. Nothing of a plan is seen before publication."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from enterprises.capstones import queries
from enterprises.capstones.labels import ROUND_KINDS
from enterprises.capstones.models import Choice, ChoiceRound, Team, TeamMember, Topic
from enterprises.capstones.operations._support import CapstoneRefused, WrongState, given, tell
from enterprises.capstones.operations.assigning import assign_capstone
from enterprises.capstones.operations.rounds import hold_round
from enterprises.capstones.planner.choices import Missed, Unit, allocate, cause
from enterprises.capstones.queries.choosing import sizes_in
from enterprises.capstones.types import CapstoneState, ChoiceState, RoundKind
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _, _l
from trainhub.notifications import operations as notifications
from trainhub.people.models import Student

TOLD_OPEN = N_("毕业设计选题（%(kind)s）填报时间为 %(first)s 至 %(day)s 24 时，其间可反复修改")
TOLD_PUBLISHED = N_("毕业设计选题（%(kind)s）结果已公布")
TOLD_JOINED = N_("%(name)s 加入了毕业设计小组“%(team)s”，现有 %(size)d 人")
TOLD_JOINED_UNFIT = N_("%(name)s 加入了毕业设计小组“%(team)s”，现有 %(size)d 人；你填报的志愿中有 %(n)d 个不接受这样的小组，不改就不起作用")
TOLD_ASKED = N_("%(name)s 邀请你加入毕业设计小组“%(team)s”")
NOT_OPEN = {
    ChoiceState.DRAFT: _l("这一轮还没有开放填报，开放后会通知你。"),
    ChoiceState.CLOSED: _l("这一轮的填报已经关闭，志愿不能再改。结果公布后会通知你。"),
    ChoiceState.PLANNED: _l("这一轮的填报已经关闭，志愿不能再改。结果公布后会通知你。"),
    ChoiceState.PUBLISHED: _l("这一轮的结果已经公布，不能再填报。"),
}
TOLD_LEFT = N_("%(name)s 没有参加或退出了毕业设计小组“%(team)s”")


def open_choices(*, round: ChoiceRound, by: Identity, now: datetime) -> ChoiceRound:
    """Let the students without a capstone choose; tells them. Doing it again changes nothing."""
    if round.state is ChoiceState.OPEN:
        return round
    if round.state is ChoiceState.PUBLISHED:
        raise WrongState(_("轮次已公布，不能重新开放。"))
    if local(now).date() > round.closes_on:
        raise WrongState(_("截止日期 %(day)s 已过，请另建一轮。", day=round.closes_on.isoformat()))
    round.state, round.plan = ChoiceState.OPEN, None
    session().flush()
    audit.record(by=by, did="capstones.round.opened", on=round)
    tell(
        person_ids=[person.id for _student, person in queries.without_capstone(round.cohort_id)],
        kind="capstones.round_open",
        message=TOLD_OPEN,
        values={"kind": notifications.word(ROUND_KINDS[round.kind]), "first": round.opens_on.isoformat(), "day": round.closes_on.isoformat()},
        url="/capstones/choices",
        unique_key=f"capstones.round:{round.id}:open",
        now=now,
    )
    return round


def close_choices(*, round: ChoiceRound, by: Identity, now: datetime) -> ChoiceRound:
    """Lock the choices. Doing it again changes nothing."""
    hold_round(round)
    if round.state is ChoiceState.OPEN:
        round.state = ChoiceState.CLOSED
        session().flush()
        audit.record(by=by, did="capstones.round.closed", on=round)
    elif round.state is ChoiceState.DRAFT:
        raise WrongState(_("轮次还没有开放。"))
    return round


def _demand_window(round: ChoiceRound, now: datetime) -> None:
    hold_round(round)
    if round.state is not ChoiceState.OPEN:
        raise WrongState(str(NOT_OPEN[round.state]), code="round_not_open")
    if not round.opens_on <= local(now).date() <= round.closes_on:
        raise WrongState(
            _("现在不能填报（填报时间：%(a)s 至 %(b)s 24 时）。", a=round.opens_on.isoformat(), b=round.closes_on.isoformat()), code="window_closed"
        )


def _demand_open(round: ChoiceRound, student: Student, now: datetime) -> None:
    """Refuse who chooses outside of the days of the round, or has nothing to choose."""
    _demand_window(round, now)
    if student.cohort_id != round.cohort_id:
        raise CapstoneRefused(_("这个轮次不面向你的年级。"))
    held = queries.capstone_holding(student.id)
    if held is not None and held.state is CapstoneState.FAILED:
        raise CapstoneRefused(_("你上一次毕业设计还没有归档，归档后才能填报重做。"))
    if held is not None:
        raise CapstoneRefused(_("你已有毕业设计，不用再填报。"))


def save_choices(*, round: ChoiceRound, student: Student, topic_ids: Sequence[int], by: Identity, now: datetime) -> list[Choice]:
    """Save a student's ranked topics (best first); it replaces the list before. The leader of a team chooses for all of it.

    Raises WrongState outside the window, CapstoneRefused (no such open topic, twice, too many, too few seats for the team).
    """
    _demand_open(round, student, now)
    team = queries.team_of(round.id, student.id)
    if team is not None and team.leader_id != student.id:
        raise CapstoneRefused(_("你在小组“%(team)s”中，由组长填报志愿。", team=team.name))
    size = sizes_in(round.id).get(team.id, 1) if team is not None else 1
    wanted = list(topic_ids)
    if len(set(wanted)) != len(wanted):
        raise CapstoneRefused(_("同一个选题填了两次。"), field="topics")
    if len(wanted) > round.most:
        raise CapstoneRefused(_("最多填报 %(most)d 个志愿。", most=round.most), field="topics")
    eligible = {topic.id: topic for topic, _name in queries.topics_with_seats(round.programme_id)}
    for key in wanted:
        problem = why_not(eligible.get(key), student, size)
        if problem:
            raise CapstoneRefused(problem, field="topics")
    for row in queries.choices_of(round.id, student.id):
        session().delete(row)
    session().flush()
    rows = [Choice(round_id=round.id, student_id=student.id, rank=rank, topic_id=key, saved_at=now) for rank, key in enumerate(wanted, start=1)]
    session().add_all(rows)
    session().flush()
    audit.record(by=by, did="capstones.choices.saved", on=round, data={"student": student.id, "topics": wanted})
    return rows


def why_not(topic: Topic | None, student: Student, size: int) -> str:
    """Why a student or team cannot choose a topic; empty when they can."""
    if topic is None:
        return _("有的选题不存在、未开放或名额已满，请重新选择。")
    if topic.reserved_student_id not in (None, student.id):
        return _("选题“%(title)s”由另一名学生自拟，不能选。", title=topic.title)
    if size > 1 and topic.team_most < size:
        return _("选题“%(title)s”不接受 %(n)d 人的小组。", title=topic.title, n=size)
    if topic.seats - topic.taken < size:
        return _("选题“%(title)s”余下的名额不够 %(n)d 人。", title=topic.title, n=size)
    return ""


# -- teams --------------------------------------------------------------------------------------------------------------


def form_team(*, round: ChoiceRound, leader: Student, name: str, by: Identity, now: datetime) -> Team:
    """Begin a team; the leader's own choices become the team's. Raises WrongState, CapstoneRefused."""
    _demand_open(round, leader, now)
    known = queries.team_of(round.id, leader.id)
    if known is not None:
        raise CapstoneRefused(_("你已在小组“%(team)s”中。", team=known.name))
    row = Team(round_id=round.id, leader_id=leader.id, name=given(name, _("请填写小组名称。"), field="name", most=60), created_at=now)
    session().add(row)
    session().flush()
    session().add(TeamMember(team_id=row.id, student_id=leader.id, asked_at=now, accepted_at=now))
    session().flush()
    audit.record(by=by, did="capstones.team.formed", on=row, data={"leader": leader.id})
    return row


def ask_into_team(*, team: Team, student: Student, by: Identity, now: datetime) -> TeamMember:
    """The leader asks a classmate. A repeat changes nothing."""
    round = session().get_one(ChoiceRound, team.round_id)
    _demand_window(round, now)
    _demand_leader(team, by)
    known = session().get(TeamMember, (team.id, student.id))
    if known is not None:
        return known
    if student.cohort_id != round.cohort_id or queries.capstone_holding(student.id) is not None:
        raise CapstoneRefused(_("这名同学已有毕业设计，或不在这个年级，不能加入小组。"), field="student_no")
    if queries.team_of(round.id, student.id) is not None:
        raise CapstoneRefused(_("这名同学已在另一个小组中。"), field="student_no")
    row = TeamMember(team_id=team.id, student_id=student.id, asked_at=now)
    session().add(row)
    session().flush()
    audit.record(by=by, did="capstones.team.asked", on=team, data={"student": student.id})
    tell(
        person_ids=[student.person_id],
        kind="capstones.team",
        message=TOLD_ASKED,
        values={"name": by.name, "team": team.name},
        url="/capstones/choices",
        unique_key=f"capstones.team:{team.id}:{student.id}",
        now=now,
    )
    return row


def _demand_leader(team: Team, by: Identity) -> None:
    if team.dissolved_at is not None:
        raise CapstoneRefused(_("小组已解散。"))
    if session().get_one(Student, team.leader_id).person_id != by.person_id:
        raise CapstoneRefused(_("只有组长可以这样做。"))


def join_team(*, team: Team, student: Student, by: Identity, now: datetime) -> TeamMember:
    """Accept; the student's own choices fall away. The leader's stay, also those that take no team of this size: the leader is told how many they are,
    and the plan leaves them out."""
    round = session().get_one(ChoiceRound, team.round_id)
    _demand_open(round, student, now)
    member = session().get(TeamMember, (team.id, student.id))
    if member is None or team.dissolved_at is not None:
        raise CapstoneRefused(_("没有这个邀请，或小组已解散。"))
    if member.accepted_at is not None:
        return member
    if queries.team_of(round.id, student.id) is not None:
        raise CapstoneRefused(_("你已在另一个小组中。"))
    if queries.capstone_holding(team.leader_id) is not None:
        raise CapstoneRefused(_("组长已有毕业设计，这个小组不能再加入。"))
    member.accepted_at = now
    for row in queries.choices_of(round.id, student.id):
        session().delete(row)
    session().flush()
    size = sizes_in(round.id)[team.id]
    leader = session().get_one(Student, team.leader_id)
    topics = {topic.id: topic for topic, _name in queries.topics_with_seats(round.programme_id)}
    kept = [row.topic_id for row in queries.choices_of(round.id, leader.id)]
    unfit = sum(bool(why_not(topics[key], leader, size)) for key in kept if key in topics)
    audit.record(by=by, did="capstones.team.joined", on=team, data={"student": student.id})
    tell(
        person_ids=[leader.person_id],
        kind="capstones.team",
        message=TOLD_JOINED_UNFIT if unfit else TOLD_JOINED,
        values={"name": by.name, "team": team.name, "size": size, "n": unfit},
        url="/capstones/choices",
        now=now,
    )
    return member


def leave_team(*, team: Team, student: Student, by: Identity, now: datetime) -> Team:
    """Decline an invitation, or leave a team one has joined; the leader is told. Who is not in it: nothing changes. Raises WrongState, CapstoneRefused.

    The leader dissolves the team instead: its choices are the leader's.
    """
    _demand_open(session().get_one(ChoiceRound, team.round_id), student, now)
    if student.id == team.leader_id:
        raise CapstoneRefused(_("组长不能退出自己的小组，可以解散小组。"))
    member = session().get(TeamMember, (team.id, student.id))
    if member is None:
        return team
    session().delete(member)
    session().flush()
    audit.record(by=by, did="capstones.team.left", on=team, data={"student": student.id})
    tell(
        person_ids=[session().get_one(Student, team.leader_id).person_id],
        kind="capstones.team",
        message=TOLD_LEFT,
        values={"name": by.name, "team": team.name},
        url="/capstones/choices",
        now=now,
    )
    return team


def dissolve_team(*, team: Team, by: Identity, now: datetime) -> Team:
    """The leader dissolves the team; everybody chooses alone again."""
    if team.dissolved_at is not None:
        return team
    _demand_leader(team, by)
    _demand_open(session().get_one(ChoiceRound, team.round_id), session().get_one(Student, team.leader_id), now)
    team.dissolved_at = now
    session().flush()
    audit.record(by=by, did="capstones.team.dissolved", on=team)
    return team


# -- the plan -----------------------------------------------------------------------------------------------------------


def plan_choices(*, round: ChoiceRound, by: Identity, now: datetime) -> dict[str, Any]:
    """Compute who gets which topic and keep it in the round, unseen by students. The same choices and seed give the same plan."""
    hold_round(round)
    if round.state is ChoiceState.PUBLISHED:
        raise WrongState(_("轮次已公布，不能重新计算。"))
    if round.state is ChoiceState.DRAFT or (round.state is ChoiceState.OPEN and local(now).date() <= round.closes_on):
        raise WrongState(_("填报到 %(day)s 24 时截止，请先关闭填报。", day=round.closes_on.isoformat()))
    if round.state is ChoiceState.OPEN:
        close_choices(round=round, by=by, now=now)
    units, members = _units(round)
    topics = {topic.id: topic for topic, _name in queries.topics_with_seats(round.programme_id)}
    titles, seats = {key: topic.title for key, topic in topics.items()}, {key: topic.seats - topic.taken for key, topic in topics.items()}
    found = allocate(units, seats, seed=round.seed)
    given_to = [
        [student_id, topic_id, unit.ranks.get(topic_id), unit.id if len(members[unit.id]) > 1 else None]
        for unit in units
        if (topic_id := found.given.get(unit.id)) is not None
        for student_id in members[unit.id]
    ]
    wanted, chose = queries.demand_for(round.id), _who_chose(round)
    students = sum(unit.size for unit in units)
    unplaced = [
        [student_id, cause(unit, units, titles, seats, wanted, chose)]
        for unit in units
        if unit.id not in found.given
        for student_id in members[unit.id]
    ]
    unplaced += [[student.id, {"cause": Missed.ENROLLED_LATER.value}] for student in _students(round, are_late=True).values()]
    ranks = [row[2] for row in given_to]
    round.plan = {
        "assignments": sorted(given_to),
        "unplaced": sorted(unplaced, key=lambda row: row[0]),
        "summary": {
            "students": students,
            "placed": found.students,
            "participants": sum(unit.size for unit in units if unit.is_participant),
            "rank_cost": found.rank_cost,
            "first": sum(rank == 1 for rank in ranks),
            "seats": sum(seats.values()),
        },
        "input": _input(units, seats),
    }
    round.state = ChoiceState.PLANNED
    session().flush()
    audit.record(by=by, did="capstones.round.planned", on=round, data=round.plan["summary"])
    return dict(round.plan["summary"])


def _students(round: ChoiceRound, *, are_late: bool = False) -> dict[int, Student]:
    """Who gets a topic in a round: without a capstone, and enrolled when it begins; `are_late`: those who were not."""
    found = {student.id: student for student, _person in queries.without_capstone(round.cohort_id)}
    return {key: student for key, student in found.items() if (student.enrolled_on > round.starts_on) is are_late}


def _units(round: ChoiceRound) -> tuple[list[Unit], dict[int, list[int]]]:
    """Students and teams with what they ranked; a team goes by the negative of its number. In the final round every open topic may be given."""
    students = _students(round)
    choices = queries.all_choices(round.id)
    topics = [topic for topic, _name in queries.topics_with_seats(round.programme_id)]
    teams = {key: [s for s in mine if s in students] for key, mine in queries.teams_in(round.id).items()}
    leaders = {key: row.leader_id for key, row in queries.teams_by_ids(list(teams)).items()}
    members = {-key: mine for key, mine in teams.items() if mine}
    inside = {student_id for mine in members.values() for student_id in mine}
    members |= {key: [key] for key in students if key not in inside}
    units = []
    for key, mine in sorted(members.items()):
        speaker = leaders[-key] if key < 0 else key
        size = len(mine)
        asked = students[speaker if speaker in mine else mine[0]]  # what a leader who is on leave ranked is the team's all the same
        fitting = {t.id for t in topics if not why_not(t, asked, size)}
        ranks = {topic: rank for topic, rank in choices.get(speaker, {}).items() if topic in fitting}
        others = frozenset(fitting) if round.kind is RoundKind.FINAL else frozenset()
        units.append(Unit(key, size, ranks, others))
    return units, members


def _who_chose(round: ChoiceRound) -> set[int]:
    """The units of a round that saved choices, whatever has become of the topics since; numbered as by `_units`."""
    students = set(queries.all_choices(round.id))
    return students | {-key for key, row in queries.teams_by_ids(list(queries.teams_in(round.id))).items() if row.leader_id in students}


def _input(units: Sequence[Unit], seats: dict[int, int]) -> str:
    text = repr(([(u.id, u.size, sorted(u.ranks.items()), sorted(u.others)) for u in units], sorted(seats.items())))
    return hashlib.sha256(text.encode()).hexdigest()


def publish_choices(*, round: ChoiceRound, by: Identity, today: date, now: datetime) -> int:
    """Make the plan real: a capstone for each, seats taken, students told. All or nothing; again: 0. Raises WrongState when outdated."""
    hold_round(round)  # pressed twice at once: the second finds it published
    if round.state is ChoiceState.PUBLISHED:
        return 0
    if round.state is not ChoiceState.PLANNED or round.plan is None:
        raise WrongState(_("请先计算，核对后再公布。"))
    units, _members = _units(round)
    seats = {topic.id: topic.seats - topic.taken for topic, _name in queries.topics_with_seats(round.programme_id)}
    if _input(units, seats) != round.plan["input"]:
        raise WrongState(_("志愿、名额或学生名单在计算之后有变化，请重新计算后再公布。"), code="plan_outdated")
    current = session()
    for student_id, topic_id, _rank, team in round.plan["assignments"]:
        assign_capstone(
            student=current.get_one(Student, student_id),
            topic=current.get_one(Topic, topic_id),
            starts_on=round.starts_on,
            ends_on=round.ends_on,
            team_id=-team if team is not None else None,
            by=by,
            today=today,
            now=now,
        )
    round.state, round.published_at = ChoiceState.PUBLISHED, now
    session().flush()
    made = len(round.plan["assignments"])
    audit.record(by=by, did="capstones.round.published", on=round, data={"capstones": made})
    tell(
        person_ids=[current.get_one(Student, row[0]).person_id for row in round.plan["unplaced"]],
        kind="capstones.round_published",
        message=TOLD_PUBLISHED,
        values={"kind": notifications.word(ROUND_KINDS[round.kind])},
        url="/capstones/choices",
        unique_key=f"capstones.round:{round.id}:published",
        now=now,
    )
    return made
