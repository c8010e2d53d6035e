"""Work that is only for one group: the others neither see it, nor open it, nor are late with it, nor lose marks by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.agenda import queries as agenda
from courses.analytics import operations as analytics
from courses.analytics import risk_queries
from courses.assignments.queries import work
from courses.catalogue import authoring_queries as authored
from courses.catalogue.models import Block, RunGroupMember
from courses.catalogue.operations import content, groups
from courses.catalogue.types import Access, BlockKind, Condition, ConditionKind
from courses.discussion import operations as discussion
from courses.discussion.types import Author
from courses.gradebook import queries as gradebook
from courses.gradebook.operations import books
from courses.learning import queries as learning
from courses.learning import tasks
from courses.learning.models import BlockProgress, Enrolment
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import work as made
from trainhub.kernel import clock, jobs
from trainhub.kernel.access import SYSTEM, Role

NOW = make.NOW


def test_work_of_one_group_is_nothing_to_the_others(as_role: Callable[..., FlaskClient], session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    red = groups.add_group(run=run, name="红组", by=SYSTEM, now=NOW)
    only_red = Access((Condition(ConditionKind.GROUP, red.key),)).plain()
    unit, theirs = make.unit(run), make.unit(run, title="红组单元", access=only_red, due_at=NOW + timedelta(days=1))
    shared = make.quiz(unit, of=run)
    task = made.assignment(of=made.block(theirs), due_at=NOW + timedelta(days=1))
    talk = content.add_block(unit=theirs, kind=BlockKind.DISCUSSION, title="红组讨论", by=SYSTEM, now=NOW)
    run = make.publish(run)
    inside, outside = make.enrolment(run), make.enrolment(run)
    groups.change_members(group=red, joining=[inside.person_id], leaving=(), learners=[inside.person_id], by=SYSTEM, now=NOW)
    thread = discussion.start(run=run, author=Author(inside.person_id, False), title="悄悄话", body="红组", block=talk, by=SYSTEM, now=NOW)
    session.add_all(BlockProgress(enrolment_id=row.id, block_id=shared.id, score_x10=800, is_done=True, done_at=NOW) for row in (inside, outside))
    session.flush()

    # the mark: missing work counts nothing, but only for whom it is
    book = books.make(run=run, by=SYSTEM, now=NOW)
    people = list(session.execute(gradebook.learners(run.id)))
    totals = {row.enrolment_id: row.total.score_x10 for row in gradebook.book_rows(book, people)}
    assert totals == {inside.id: 400, outside.id: 800}

    # what is due
    later = NOW + timedelta(days=3)
    found = {row.enrolment_id: row.overdue for row in risk_queries.at_risk(run, later)}
    assert found == {inside.id: 0, outside.id: 0}  # what not everybody has is no reason for alarm
    days = {"since": clock.local(NOW).date(), "until": clock.local(later).date()}

    def titles(person_id: int) -> set[str]:
        return {item.title for item in agenda.items(person_id, **days, now=NOW)}

    assert {"课程设计", "红组单元"} <= titles(inside.person_id)
    assert not {"课程设计", "红组单元"} & titles(outside.person_id)
    assert {"课程设计", "红组单元"} <= titles(lead.id)
    assert [row[1] for row in work.to_hand_in(inside.person_id, later, NOW)] == ["课程设计"]
    assert work.to_hand_in(outside.person_id, later, NOW) == []
    funnel = {row.title: (row.started, row.finished, row.stuck) for row in analytics.summarise(run_id=run.id, now=later).units}
    assert funnel == {"第一单元": (2, 2, 0), "红组单元": (0, 0, 0)}

    # the doors
    forum, address, block_id = f"/learning/runs/{run.id}/forum", f"/learning/threads/{thread.id}", task.block_id
    owner, run_id, talk_id, group_id = run.course.owner_id, run.id, talk.id, red.id
    (inside_id, inside_person), (outside_id, outside_person) = ((row.id, row.person_id) for row in (inside, outside))
    session.commit()
    member, other = (as_role(Role.TRAINEE, person_id=row.person_id) for row in (inside, outside))
    teacher = as_role(Role.LECTURER, organisation_id=owner, person_id=lead.id)
    session.commit()
    for path in (f"/assignments/{block_id}", address, f"/learning/runs/{run_id}/forum?block={talk_id}"):
        assert member.get(path).status_code == 200, path
    assert [other.get(path).status_code for path in (f"/assignments/{block_id}", address)] == [404, 404]
    assert other.post(f"/assignments/{block_id}", data={"text": "偷交", "do": "submit"}).status_code == 404
    assert [("悄悄话" in who.get(forum).text) for who in (member, other, teacher)] == [True, False, True]
    # who changes groups is judged by what is asked of him now
    session.get_one(Enrolment, outside_id).progress_x1000 = 1000
    data = {"name": "红组", "member": [inside_person, outside_person]}
    assert teacher.post(f"/teaching/groups/{group_id}", data=data).status_code == 303
    job = session.scalars(select(jobs.Job).where(jobs.Job.task == tasks.JUDGE)).one()
    assert tasks.judge_anew(jobs.Running(job.id, job.args, job.asked_by_id)) == {"learners": 2, "recorded": 0, "refused": 0}
    session.expire_all()
    assert session.get_one(Enrolment, outside_id).progress_x1000 < 1000
    assert learning.marks_due(10) == [(run_id, inside_id), (run_id, outside_id)]


def test_a_group_names_a_human_whichever_of_their_persons(session: Session) -> None:
    run = make.run(is_published=True)
    red = groups.add_group(run=run, name="红组", by=SYSTEM, now=NOW)
    task = made.assignment(of=made.block(make.unit(run, access=Access((Condition(ConditionKind.GROUP, red.key),)).plain())))
    make.quiz(make.unit(run), of=run)
    run = make.publish(run)
    stays, goes = ground.person("同一人"), ground.person("同一人", id_type=None)
    row = make.enrolment(run, stays)
    session.add(RunGroupMember(group_id=red.id, person_id=goes.id))
    goes.merged_into_id = stays.id
    session.flush()
    book = books.make(run=run, by=SYSTEM, now=NOW)
    _categories, columns = gradebook.rules_of(book.id)
    cells = gradebook.cells_of(columns, [row.id])[row.id]
    theirs = next(column.id for column in columns if column.block_id == task.block_id)
    assert theirs not in cells  # not excused: the work is for them


@pytest.mark.parametrize("any_suffices", [False, True])
def test_what_counts_for_a_learner_is_what_the_learner_is_shown(any_suffices: bool, session: Session) -> None:
    """Also where what the others had to do is gone: what nobody shows them would count as nothing in their mark."""
    run = make.run()
    shared, theirs = make.quiz(make.unit(run), of=run), make.quiz(make.unit(run), of=run)
    run = make.publish(run)
    left = Access((Condition(ConditionKind.GROUP, "red"), Condition(ConditionKind.DONE, "block:gone")), any_suffices)
    session.get_one(Block, theirs.id).access = left.plain()
    session.flush()
    outside = make.enrolment(run)
    session.add(BlockProgress(enrolment_id=outside.id, block_id=shared.id, score_x10=800, is_done=True, done_at=NOW))
    session.flush()
    book = books.make(run=run, by=SYSTEM, now=NOW)
    books.configure(book=book, version=None, by=SYSTEM, now=NOW, scale="percent", missing_is_zero=True, shows_total=True)
    (row,) = gradebook.book_rows(book, list(session.execute(gradebook.learners(run.id))))
    own = authored.outline_for(run.id, outside.person_id)
    assert {block.id for block in own.blocks} == ({shared.id, theirs.id} if any_suffices else {shared.id})
    assert row.total.score_x10 == (400 if any_suffices else 800)
