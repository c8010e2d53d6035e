"""Setting an assignment up: its rules, more time for one person, groups of the run, examples for reviewers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from courses.assignments import rules
from courses.assignments.models import Assignment, AssignmentExtension, PeerExample, WorkTeam, WorkTeamMember
from courses.assignments.operations import holding, lateness
from courses.assignments.operations.checking import BadAssignment, check_points
from courses.assignments.queries import peers, teams, work
from courses.assignments.types import Marking, Queue, Rubric, SubmissionState
from courses.catalogue import authoring_queries as authoring
from courses.catalogue.models import Block, Run
from courses.catalogue.operations import groups
from courses.learning import seat_queries
from trainhub.identity.queries import accounts
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications
from trainhub.people import queries as people

AT_ONCE = 500
"""So many teams are written with one statement."""


def save(*, block: Block, version: int | None, by: Identity, now: datetime, **values: Any) -> Assignment:
    """Set or change the rules of an assignment block. Who works alone or in a group does not change under handed-in work.

    Another due date, grace or price of a day is counted anew for what is handed in; see `lateness.recount`.
    """
    row = work.assignment_of(block.id)
    if row is None:
        row = Assignment(block_id=block.id, run_id=block.run_id, rubric=[], file_kinds=[])
        session().add(row)
        session().flush()  # the defaults stand, so that what is not given is judged too
    else:
        holding.alone(row)
        check_version(row, version)
        _refuse_late_changes(row, values)
    had_peers, counted_by = row.peers > 0, lateness.policy_of(row)
    for name, value in values.items():
        setattr(row, name, value)
    _check(row)
    session().flush()
    if had_peers is not (row.peers > 0):
        _queue_anew(row)
    audit.record(by=by, did="courses.assignment.saved", on=row, data={"block": block.id, "fields": sorted(values)})
    if replace(lateness.policy_of(row), cutoff_at=None) != replace(counted_by, cutoff_at=None):
        lateness.recount_all(assignment=row, by=by, now=now)
    return row


def _refuse_late_changes(row: Assignment, values: Mapping[str, Any]) -> None:
    counts = work.counts_of([row.id]).get(row.id, {"handed": 0, "graded": 0})
    if counts["handed"] and "is_group" in values and values["is_group"] != row.is_group:
        raise BadAssignment(_("已有 %(n)d 份作业提交，不能再改变个人或小组提交方式。", n=counts["handed"]), field="is_group")
    if row.allocated_at is not None and "peers" in values and values["peers"] != row.peers:
        raise BadAssignment(_("互评已经分配，不能再改变每人评阅份数。"), field="peers")
    if "max_x10" in values and values["max_x10"] != row.max_x10 and peers.is_judged(row.id):
        raise BadAssignment(_("已有评分、互评或校准样例，不能再改变满分：它们按原来的满分打分。可以新建一个作业。"), field="max_points")


def _queue_anew(row: Assignment) -> None:
    """What was handed in waits for its peers, or no longer for them but for the staff. Only before reviews are given out."""
    before, after = (Queue.UNGRADED, Queue.NONE) if row.peers else (Queue.NONE, Queue.UNGRADED)
    for submission in work.handed_in(row.id):
        if submission.state is SubmissionState.SUBMITTED and submission.queue is before:
            submission.queue = after
    session().flush()


def _check(row: Assignment) -> None:
    if not row.takes_text and not (row.file_kinds and row.max_files):
        raise BadAssignment(_("请至少允许一种提交方式：在线文本，或选择文件类型并允许上传文件。"), field="takes_text")
    if row.cutoff_at is not None and row.due_at is not None and row.cutoff_at < row.due_at:
        raise BadAssignment(_("最后截止时间不能早于截止时间。"), field="cutoff_at")
    if row.percent_per_day and row.due_at is None:
        raise BadAssignment(_("设置迟交扣分需要先填写截止时间。"), field="due_at")
    if row.peers:
        if row.due_at is None or row.peer_due_at is None or row.peer_due_at <= row.due_at:
            raise BadAssignment(_("互评需要截止时间，以及晚于它的互评截止时间。"), field="peer_due_at")
        if row.peers_needed > row.peers:
            raise BadAssignment(_("有效评阅份数不能多于每份作业的评阅份数。"), field="peers_needed")
        if row.is_double:
            raise BadAssignment(_("互评和双人评分只能选一种。互评有分歧的作业会自动转给教师。"), field="is_double")
    if row.rubric and not Rubric.of(row.rubric).max_x10:
        raise BadAssignment(_("评分标准的满分合计不能为 0。"), field="rubric")


def extend(*, assignment: Assignment, person_id: int, until_at: datetime, reason: str, by: Identity, now: datetime) -> AssignmentExtension:
    """Give one person more time, with a reason; the log keeps every extension and the latest holds.

    What the person (or the team) has handed in already is counted anew: less late, and a mark that is there follows.
    """
    if assignment.due_at is None or until_at <= assignment.due_at:
        raise BadAssignment(_("延期后的时间应晚于统一截止时间。"), field="until_at")
    if not reason.strip():
        raise BadAssignment(_("请写明延期的理由；理由会留在记录里。"), field="reason")
    if not seat_queries.enrolments_among(assignment.run_id, [person_id]):
        raise BadAssignment(_("这个人不是本期课程的学员。"), field="person_id")
    holding.alone(assignment)
    row = AssignmentExtension(
        assignment_id=assignment.id,
        person_id=person_id,
        until_at=until_at,
        reason=reason.strip()[:400],
        given_by_id=by.account_id,
        given_by=by.name[:120],
        given_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(
        by=by, did="courses.assignment.extended", on=assignment, data={"person": person_id, "until": until_at.isoformat(), "reason": row.reason}
    )
    notifications.notify(
        account_ids=accounts.accounts_of_persons([person_id]).values(),
        kind="courses.assignment.extended",
        message=N_("作业《%(title)s》的截止时间为你延长至 %(until)s。"),
        values={"title": assignment.block.title, "until": f"{local(until_at):%Y-%m-%d %H:%M}"},
        url=f"/assignments/{assignment.block_id}",
        unique_key=f"assignment-extended:{row.id}",
        now=now,
    )
    mine = work.submission_of(assignment.id, person_id)
    if mine is not None and mine.number:
        lateness.recount(submissions=[mine], by=by, now=now)
    return row


# -- groups -------------------------------------------------------------------------------------------------------------


def add_group(*, run: Run, name: str, by: Identity, now: datetime) -> WorkTeam:
    """A new empty group."""
    name = name.strip()[:60]
    if not name or name in teams.ids_by_name(run.id):
        raise BadAssignment(_("组名不能为空，也不能重复。"), field="name")
    row = WorkTeam(run_id=run.id, name=name, made_at=now)
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.group.added", on=row, data={"run": run.id, "name": name})
    return row


def put_into_group(*, run: Run, person_id: int, group_id: int | None, by: Identity, now: datetime) -> None:
    """Put a learner into a group, move them, or take them out (None). What was handed in before stays theirs; a draft stays with its group."""
    group = teams.by_id(group_id) if group_id is not None else None
    if group_id is not None and (group is None or group.run_id != run.id):
        raise BadAssignment(_("没有这个小组。"), field="group_id")
    if not seat_queries.seated_among(run.id, [person_id]):
        raise BadAssignment(_("这个人不是本期课程的在学学员。"), field="person_id")
    known = teams.membership(run.id, person_id)
    if known is not None:
        session().delete(known)
        session().flush()
    for left in teams.in_drafts_of_others(run.id, person_id, group_id):
        session().delete(left)
    session().flush()
    if group_id is not None:
        session().add(WorkTeamMember(run_id=run.id, group_id=group_id, person_id=person_id))
        session().flush()
    audit.record(by=by, did="courses.group.changed", on=run, data={"person": person_id, "group": group_id})


def make_groups(*, run: Run, size: int, by: Identity, now: datetime) -> int:
    """Put everybody who is in no group into new groups at random; returns how many groups were made. Repeating it makes none."""
    if not 2 <= size <= 20:
        raise BadAssignment(_("每组人数应在 2 到 20 之间。"), field="size")
    learners = teams.free(run.id)
    taken = set(teams.ids_by_name(run.id))
    drawn: list[tuple[str, Sequence[int]]] = []
    for members in rules.groups_at_random(learners, size, seed=run.id * 1009 + len(taken)) if learners else []:
        number = len(taken) + 1
        while taken & set(groups.numbered(number)):
            number += 1
        name = groups.numbered(number)[groups.tongue(run) == "en"]
        taken.add(name)
        drawn.append((name, members))
    for start in range(0, len(drawn), AT_ONCE):
        some = drawn[start : start + AT_ONCE]
        session().execute(insert(WorkTeam), [{"run_id": run.id, "name": name, "made_at": now} for name, _members in some])
        keys = teams.ids_by_name(run.id)
        inside = [(keys[name], person) for name, members in some for person in members]
        session().execute(insert(WorkTeamMember), [{"run_id": run.id, "group_id": key, "person_id": person} for key, person in inside])
    audit.record(by=by, did="courses.group.drawn", on=run, data={"groups": len(drawn), "people": len(learners), "size": size})
    return len(drawn)


def take_over_groups(*, run: Run, set_name: str, by: Identity, now: datetime) -> int:
    """Make a team of each group of a division of the run, with its name; returns how many learners were put into one.

    Who is in a team already stays there, because work may have been handed in together; repeating it only adds who is new.
    """
    division = [group for group in authoring.groups_of(run.id) if group.set_name == set_name]
    if not division:
        raise BadAssignment(_("没有这种分组。请先在“内容 → 分组”中建立，或在这里随机分组。"), field="set_name")
    known, inside = teams.ids_by_name(run.id), authoring.members_of([group.id for group in division])
    free = set(people.humans_of(teams.free(run.id)).values())
    human = people.humans_of(person for persons in inside.values() for person in persons)
    moved = 0
    for group in division:
        name = group.name[:60]
        if name not in known:
            known[name] = _new_team(run, name, now)
        joining = sorted({human[person] for person in inside.get(group.id, ())} & free)
        _put_in(run, known[name], joining)
        free.difference_update(joining)
        moved += len(joining)
    audit.record(by=by, did="courses.group.taken_over", on=run, data={"set": set_name, "groups": len(division), "people": moved})
    return moved


def _new_team(run: Run, name: str, now: datetime) -> int:
    row = WorkTeam(run_id=run.id, name=name, made_at=now)
    session().add(row)
    session().flush()
    return row.id


def _put_in(run: Run, team_id: int, person_ids: Sequence[int]) -> None:
    if person_ids:
        session().execute(insert(WorkTeamMember), [{"run_id": run.id, "group_id": team_id, "person_id": person} for person in person_ids])


# -- examples -----------------------------------------------------------------------------------------------------------


def add_example(*, assignment: Assignment, title: str, text: str, marking: Marking, by: Identity, now: datetime) -> PeerExample:
    """A piece of work with the staff's own judgement, by which reviewers are calibrated. Only before reviews are given out."""
    if assignment.allocated_at is not None:
        raise BadAssignment(_("互评已经开始，不能再增加校准样例：先评的人没有做过它。"))
    if not title.strip() or not text.strip():
        raise BadAssignment(_("请填写样例的标题和正文。"), field="title")
    rubric = Rubric.of(assignment.rubric)
    check_points(rubric, marking.points, assignment.max_x10)
    row = PeerExample(
        assignment_id=assignment.id,
        title=title.strip()[:120],
        text=text.strip(),
        points_x10=rules.total_x10(rubric, marking.points, assignment.max_x10),
        points=dict(marking.points),
        comment=marking.comment.strip(),
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.assignment.example_added", on=row, data={"assignment": assignment.id})
    return row
