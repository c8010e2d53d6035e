"""A learner whose two records were merged: everything that was theirs is there, whichever record it names, and nothing counts twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.agenda import operations as calendars
from courses.agenda import queries as agenda
from courses.agenda.models import CalendarFeed
from courses.analytics import queries as figures
from courses.assessment import queries as assessment
from courses.assessment.operations import attempts, quizzes
from courses.assessment.queries import hours
from courses.assignments.models import Assignment
from courses.assignments.operations import handing_in, peers, releasing, setup
from courses.assignments.queries import lateness as late
from courses.assignments.queries import peers as reviews
from courses.assignments.queries import teams, work
from courses.catalogue import authoring_queries as authoring
from courses.catalogue.models import Block, Run
from courses.catalogue.operations import content, groups, polls, team
from courses.catalogue.types import Access, BlockKind, Condition, ConditionKind, RunMode, StaffRole
from courses.discussion import follow_queries, opening
from courses.discussion import operations as forum
from courses.discussion.models import ForumFollow, Thread, ThreadFollow
from courses.discussion.types import Author
from courses.learning import opening as doors
from courses.learning import operations, queries, quiz_queries, seat_queries
from courses.learning.models import Enrolment, RunInvitation
from courses.learning.types import EnrolmentState
from courses.messages import operations as messages
from courses.messages import queries as talks
from courses.paths import operations as ways
from courses.paths import queries as paths
from courses.paths.models import PathMember
from courses.recognition import queries as recognition
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import work as made
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.errors import Refused
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]
NOW = make.NOW
DONE = {"by": SYSTEM, "now": NOW}


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


@dataclass
class Place:
    """A run with one of everything."""

    run: Run
    read: Block
    quiz: Block
    poll: Block
    task: Assignment


@pytest.fixture
def place(session: Session) -> Place:
    run = make.run()
    unit = make.unit(run)
    read = make.text(unit)
    quiz = make.quiz(unit, of=run, attempts=1, closes_at=(NOW + timedelta(days=3)).isoformat())
    poll = content.add_block(unit=unit, kind=BlockKind.POLL, settings={"options": ["甲", "乙"]}, title="选哪个", **DONE)
    block = made.block(unit)
    return Place(make.publish(run), read, quiz, poll, made.assignment(of=block))


@pytest.fixture
def two(session: Session) -> tuple[Person, Person]:
    """The one who stays, and the one who goes."""
    return ground.person("单一"), ground.person("单一")


def learn_as_both(place: Place, two: tuple[Person, Person]) -> list[Enrolment]:
    """Both are enrolled; the one who goes is further, so that their enrolment is the one that stands after the merging."""
    rows = [make.enrolment(place.run, one) for one in two]
    operations.mark_done(enrolment=rows[1], block=place.read, **DONE)
    return rows


def merge(two: tuple[Person, Person]) -> None:
    ground.merge(*two)
    operations.settle_merged(**DONE)


def me(who: Person) -> Identity:
    return Identity(account_id=None, person_id=who.id, name=who.name)


def begin(run: Run, who: Person, title: str = "标题") -> Thread:
    return forum.start(run=run, author=Author(who.id, False), title=title, body="内容", by=me(who), now=NOW)


def test_enrolment_progress_and_the_calendar_are_there(place: Place, two: tuple[Person, Person], session: Session) -> None:
    rows = learn_as_both(place, two)
    merge(two)
    assert [row.state for row in rows] == [EnrolmentState.WITHDRAWN, EnrolmentState.ACTIVE]
    for who in two:
        assert operations.enrol(run=place.run, person_id=who.id, is_approved=True, **DONE).id == rows[1].id
        assert [row.id for row in agenda.runs_of(who.id)] == [place.run.id]
        assert queries.states_by_run(who.id, [place.run.id])[place.run.id][place.read.id].is_done
        assert {item.uid for item in agenda.items(who.id, since=date(2026, 3, 1), until=date(2026, 3, 31), now=NOW)} >= {
            f"assignment-{place.task.id}-due",
            f"quiz-{place.quiz.id}-due",
        }
        assert [row.block_id for row in quiz_queries.closing(who.id, NOW + timedelta(days=9), NOW)] == [place.quiz.id]
        assert [row[0] for row in work.to_hand_in(who.id, NOW + timedelta(days=9), NOW)] == [place.task.block_id]
        assert seat_queries.seated_among(place.run.id, [who.id]) == {who.id}
    seen = queries.enrolments_visible_to(me(two[0]))
    assert {row[0].id for row in session.execute(seen)} == {row.id for row in rows}
    assert [row.run_id for row in recognition.runs_of_person(two[0].id)] == [place.run.id]


def test_a_course_finished_under_the_other_record_opens_the_next_one(place: Place, two: tuple[Person, Person], session: Session) -> None:
    done = make.run(is_published=True)
    row = make.enrolment(done, two[1])
    make.enrolment(done, two[0])
    operations.mark_done(enrolment=row, block=make.queries.blocks_of_run(done.id)[0], **DONE)
    assert row.state is EnrolmentState.COMPLETED
    team.set_prerequisites(course=place.run.course, required_ids=[done.course_id], **DONE)
    assert [one.id for one in queries.missing_prerequisites(place.run.course_id, two[0].id)] == [done.course_id]
    merge(two)
    assert [queries.missing_prerequisites(place.run.course_id, who.id) for who in two] == [[], []]


def test_an_invitation_and_the_cohort_hold_for_the_human(two: tuple[Person, Person], session: Session) -> None:
    run = make.run(is_published=True, mode=RunMode.INVITATION)
    for who in two:
        operations.invite(run=run, person_ids=[who.id], **DONE)
    merge(two)
    assert {row.person_id for row in session.scalars(select(RunInvitation))} == {who.id for who in two}
    assert [queries.is_invited(run.id, who.id, NOW.date()) for who in two] == [True, True]
    student = ground.student(who=two[0])
    assert [queries.is_in_cohort(who.id, student.cohort_id) for who in two] == [True, True]


def test_work_extensions_and_teams_are_the_humans(place: Place, two: tuple[Person, Person], session: Session) -> None:
    rows = learn_as_both(place, two)
    handed = made.hand_in(place.task, rows[1])
    handing_in.open_draft(assignment=place.task, person_id=two[0].id, **DONE)  # so that the handed-in work stays with the other record
    until = place.task.due_at + timedelta(days=5)
    setup.extend(assignment=place.task, person_id=two[1].id, until_at=until, reason="病假", **DONE)
    one = setup.add_group(run=place.run, name="一组", **DONE)
    setup.put_into_group(run=place.run, person_id=two[1].id, group_id=one.id, **DONE)
    merge(two)
    for who in two:
        found, membership = work.submission_of(place.task.id, who.id), teams.membership(place.run.id, who.id)
        assert found is not None
        assert found.id == handed.id
        assert membership is not None
        assert membership.group_id == one.id
        assert late.until_of(place.task.id, [who.id]) == until
        assert late.untils_of(who.id, [place.task.id]) == {place.task.id: until}
        assert work.to_hand_in(who.id, NOW + timedelta(days=30), NOW) == []


def test_a_mark_counts_in_the_enrolment_that_stands(place: Place, two: tuple[Person, Person], session: Session) -> None:
    """The work moved to the one who stays; the enrolment that stands is the other's."""
    rows = learn_as_both(place, two)
    handed = made.hand_in(place.task, rows[0])
    merge(two)
    found = work.submission_by_id(handed.id)
    assert found is not None
    assert [row.person_id for row in found.members] == [two[0].id]
    made.grade(found, 900)
    releasing.show(submission=found, **DONE)
    assert queries.states_of(rows[1].id)[place.task.block_id].score_x10 == 900


def test_nobody_reviews_the_other_work_of_the_same_human(two: tuple[Person, Person], session: Session) -> None:
    task = made.assignment(peers=1, peers_needed=1, peer_due_at=made.DUE + timedelta(days=5))
    rows = [made.learner(task, one) for one in two]
    works = [made.hand_in(task, row) for row in rows]
    merge(two)
    assert peers.begin(assignment=task, by=SYSTEM, now=made.DUE) == 0, "there is nobody else"
    third = made.learner(task)
    made.hand_in(task, third)
    peers.fill(assignment=task, by=SYSTEM, now=made.DUE)
    for row in works:
        assert not reviews.is_reviewer(row.id, two[0].id)
    assert {len(reviews.reviews_by(task.id, who.id)) for who in two} == {1}


def test_extra_time_attempts_and_the_vote_are_the_humans(place: Place, two: tuple[Person, Person], session: Session) -> None:
    learn_as_both(place, two)
    quizzes.allow(block=place.quiz, person_id=two[0].id, extra_minutes=5, **DONE)
    quizzes.allow(block=place.quiz, person_id=two[1].id, extra_minutes=30, extra_attempts=1, **DONE)
    row = attempts.start(block=place.quiz, person_id=two[1].id, **DONE)
    attempts.submit(attempt_id=row.id, **DONE)
    polls.vote(block=place.poll, person_id=two[1].id, choice=1, **DONE)
    merge(two)
    for who in two:
        given = assessment.allowance_for(place.quiz.id, who.id)
        assert (given.extra_minutes, given.extra_attempts) == (30, 1)
        assert hours.handed_in(who.id, [place.quiz.id]) == {place.quiz.id}
        assert authoring.my_votes([place.poll.id], who.id) == {place.poll.id: 1}
        assert not polls.vote(block=place.poll, person_id=who.id, choice=0, **DONE)
    assert attempts.start(block=place.quiz, person_id=two[0].id, **DONE).number == 2


def test_a_group_opens_its_part_for_the_human(place: Place, two: tuple[Person, Person], session: Session) -> None:
    rows = learn_as_both(place, two)
    group = groups.add_group(run=place.run, name="甲组", **DONE)
    groups.change_members(group=group, joining={two[0].id}, leaving=set(), learners={two[0].id}, **DONE)
    place.poll.access = Access((Condition(ConditionKind.GROUP, group.key),)).plain()
    session.flush()
    merge(two)
    assert authoring.group_keys(place.run.id, two[1].id) == {group.key}
    unit = place.poll.unit_id
    assert doors.door(rows[1], NOW).is_open(unit, place.poll.id)
    assert doors.doors(two[0].id, [place.run.id], NOW)[place.run.id].is_open(unit, place.poll.id)
    assert doors.doors_of([rows[1]], NOW)[rows[1].id].is_open(unit, place.poll.id)


def test_lists_of_the_staff_know_the_human(place: Place, two: tuple[Person, Person], session: Session) -> None:
    """The enrolment that stands names the one who went; group, cohort, team and extra time name the one who stays."""
    rows = learn_as_both(place, two)
    group = groups.add_group(run=place.run, name="甲组", **DONE)
    groups.change_members(group=group, joining={who.id for who in two}, leaving=set(), learners={who.id for who in two}, **DONE)
    cohort_id = ground.student(who=two[1]).cohort_id
    setup.extend(assignment=place.task, person_id=two[0].id, until_at=NOW + timedelta(days=60), reason="病假", by=SYSTEM, now=NOW)
    quizzes.allow(block=place.quiz, person_id=two[0].id, closes_at=NOW + timedelta(days=60), **DONE)
    merge(two)
    assert rows[1].person_id == two[1].id
    assert teams.free(place.run.id) == [two[1].id]
    assert [setup.take_over_groups(run=place.run, set_name="", **DONE) for _again in range(2)] == [1, 0]
    assert (teams.count_free(place.run.id), teams.free(place.run.id)) == (0, [])
    assert [(row.id, row.group_id) for row in figures.memberships(place.run.id)] == [(rows[1].id, group.id)]
    assert [(row.id, row.cohort_id) for row in figures.learners(place.run.id)] == [(rows[1].id, cohort_id)]
    assert figures.cohorts_of(place.run.id) == [cohort_id]
    later = NOW + timedelta(days=30)
    assert figures._given_time(place.run.id, [place.task.block_id], later) == {(rows[1].id, place.task.block_id)}
    assert figures._given_hours(place.run.id, [place.quiz.id], later) == {(rows[1].id, place.quiz.id)}


def test_an_invitation_to_the_staff_is_answered_under_whichever_row(
    as_role: AsRole, place: Place, two: tuple[Person, Person], session: Session
) -> None:
    sent = [team.invite(run=place.run, person_id=who.id, role=StaffRole.ASSISTANT, **DONE) for who in two]
    merge(two)
    session.commit()
    assert len({one.person_id for one in sent}) == 2, "one of the two stays where it is"
    browser = as_role(Role.LECTURER, person_id=two[0].id)
    assert browser.get("/teaching/invitations").text.count(place.run.title) == 2
    assert browser.post(f"/teaching/invitations/{sent[1].id}", data={"answer": "yes"}).status_code == 303
    assert [row.person_id for row in make.loaded(place.run).staff if row.role is StaffRole.ASSISTANT] == [two[0].id]
    with pytest.raises(Refused, match="已在课程团队"):
        team.invite(run=make.loaded(place.run), person_id=two[1].id, role=StaffRole.ASSISTANT, **DONE)


def test_what_is_followed_is_followed_once_and_can_be_left(place: Place, two: tuple[Person, Person], session: Session) -> None:
    learn_as_both(place, two)
    other = ground.person()
    make.enrolment(place.run, other)
    thread = begin(place.run, other)
    for who in two:
        forum.follow_thread(thread=thread, person_id=who.id, now=NOW)
        forum.follow_forum(run=place.run, person_id=who.id, now=NOW)
    merge(two)
    forum.answer(run=place.run, thread=thread, author=Author(other.id, False), body="回复", by=me(other), now=NOW + timedelta(minutes=1))
    assert opening.news(NOW + timedelta(hours=1)) == {two[0].id: 1}, "told once, in the run where the human learns under the other record"
    for who in two:
        assert follow_queries.is_following(thread.id, who.id)
        assert follow_queries.is_following_forum(place.run.id, who.id)
        assert [row.id for row in session.execute(opening.followed(me(who), NOW))] == [thread.id]
    forum.follow_thread(thread=thread, person_id=two[0].id, now=NOW, is_on=False)
    forum.follow_forum(run=place.run, person_id=two[0].id, now=NOW, is_on=False)
    assert [session.scalar(select(func.count()).select_from(table)) for table in (ThreadFollow, ForumFollow)] == [1, 0]
    assert not follow_queries.is_following(thread.id, two[1].id)


def test_a_path_is_followed_once_and_can_be_left(place: Place, two: tuple[Person, Person], session: Session) -> None:
    learn_as_both(place, two)
    path = ways.create(code="P", title="路径", owner=place.run.course.owner, **DONE)
    ways.set_courses(path=path, courses=[(place.run.course.code, True)], **DONE)
    ways.publish(path=path, is_published=True, **DONE)
    for who in two:
        ways.follow(path=path, person_id=who.id, is_on=True, **DONE)
    merge(two)
    for who in two:
        assert len(list(session.execute(paths.followed(who.id)))) == 1
        assert [step.enrolment for step in paths.steps(path.id, who.id)] == [EnrolmentState.ACTIVE]
    ways.follow(path=path, person_id=two[0].id, is_on=False, **DONE)
    assert not paths.is_member(path.id, two[1].id)
    assert session.scalar(select(func.count()).select_from(PathMember)) == 0


def test_two_calendar_addresses_become_one(place: Place, two: tuple[Person, Person], session: Session) -> None:
    learn_as_both(place, two)
    secrets = [calendars.renew(person_id=who.id, **DONE) for who in two]
    merge(two)
    assert len(agenda.feeds_of(two[0].id)) == 2
    fresh = calendars.renew(person_id=two[0].id, by=SYSTEM, now=NOW + timedelta(hours=1))
    assert [agenda.feed_by_secret(one) for one in secrets] == [None, None]
    assert agenda.feed_by_secret(fresh) is not None
    calendars.stop(person_id=two[1].id, by=SYSTEM)
    assert session.scalar(select(func.count()).select_from(CalendarFeed)) == 0


def test_the_human_opens_every_page_and_writes(as_role: AsRole, place: Place, two: tuple[Person, Person], session: Session) -> None:
    """The enrolment that stands names the record that went; who signs in is the one who stays."""
    rows = learn_as_both(place, two)
    lead = ground.person()
    made.hand_in(place.task, rows[1], now=clock.now())
    handing_in.open_draft(assignment=place.task, person_id=two[0].id, **DONE)
    talk = messages.write(run=place.run, person_id=two[1].id, subject="请教", body="问", sender_id=lead.id, is_staff=True, **DONE)
    thread = begin(place.run, two[1])
    merge(two)
    session.commit()
    client, run, task = as_role(Role.TRAINEE, person_id=two[0].id), place.run.id, place.task.block_id
    pages = [
        f"/learning/runs/{run}",
        f"/learning/runs/{run}/progress",
        f"/learning/runs/{run}/units/{place.read.unit_id}",
        f"/learning/blocks/{place.quiz.id}/quiz",
        f"/assignments/{task}",
        f"/learning/runs/{run}/forum",
        f"/learning/threads/{thread.id}",
        f"/learning/messages/{talk.id}",
        f"/learning/runs/{run}/messages/new",
        "/learning/messages",
        "/learning/discussions",
        "/learning/calendar",
        "/learning/transcript",
        "/learning",
    ]
    assert {url: client.get(url, follow_redirects=True).status_code for url in pages} == dict.fromkeys(pages, 200)
    assert "我的设计。" in client.get(f"/assignments/{task}").text
    sent = client.post(f"/learning/runs/{run}/messages/new", data={"subject": "再问", "body": "问题", "submission_key": "k1"})
    assert sent.status_code == 303
    assert client.get(sent.location).status_code == 200
    assert client.post(sent.location, data={"body": "补充", "submission_key": "k2"}).status_code == 303
    listed = client.get("/learning/messages").text
    assert "请教" in listed
    assert "再问" in listed
    assert {row.subject for row in session.execute(talks.mine(two[0].id))} == {"请教", "再问"}
    assert client.post(f"/learning/blocks/{place.poll.id}/vote", data={"choice": "1"}).status_code == 303
    assert client.post(f"/learning/threads/{thread.id}", data={"body": "回复", "submission_key": "k3"}).status_code == 303
    assert client.post(f"/learning/runs/{run}/enrol").status_code in (303, 404, 405)
    assert session.scalar(select(func.count()).select_from(Enrolment).where(Enrolment.run_id == run)) == 2
