"""A live session that is moved or cancelled: who has a seat is told, once, and calendars that are subscribed take the new time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.agenda import operations, tasks
from courses.catalogue.models import Block, Run, Section, Unit
from courses.catalogue.operations import content, groups, live, versions
from courses.catalogue.types import Access, BlockKind, Condition, ConditionKind, PartKind
from courses.learning.models import Enrolment
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.identity import account as make_account
from trainhub.identity.queries import accounts
from trainhub.kernel import clock, jobs
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.jobs import Job, Running
from trainhub.notifications.models import Notice
from trainhub.people.models import Person


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def times(days: int) -> dict[str, str]:
    """The hours of a session some days from now."""
    starts = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days)
    return {"url": "https://live.example/1", "starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat()}


def taught(session: Session, days: int = 3) -> tuple[Run, Block, Enrolment]:
    """A published run with a live session, and a learner with an account."""
    run = make.run()
    block = content.add_block(unit=make.unit(run), kind=BlockKind.LIVE, title="答疑", settings=times(days), by=SYSTEM, now=make.NOW)
    make.publish(run)
    who = ground.person(name="林同学")
    me = make.enrolment(make.loaded(run), who)
    make_account(person=who)
    session.commit()
    return make.loaded(run), block, me


def move(block: Block, days: int) -> None:
    versions.save(part=block, version=None, by=SYSTEM, now=clock.now(), settings=times(days))
    versions.publish_drafts(parts=[block], note="", by=SYSTEM, now=clock.now())


def asked(session: Session) -> list[Job]:
    return list(session.scalars(select(Job).where(Job.task == live.TASK, Job.state == jobs.JobState.QUEUED)))


def told(session: Session, me: Enrolment) -> list[str]:
    """What the learner was told, once the job that waits has run."""
    for job in asked(session):
        given = dict(job.args)
        job.state = jobs.JobState.DONE
        session.commit()
        job.result = dict(tasks.tell_live(Running(0, given, None)))
        session.commit()
        tasks.tell_live(Running(0, given, None))  # twice is once
    (account_id,) = accounts.accounts_of_persons([me.person_id]).values()
    rows = session.scalars(select(Notice).where(Notice.account_id == account_id, Notice.kind == "courses.live_moved").order_by(Notice.id))
    return [jobs.in_words(row.message, row.values) for row in rows]


def test_a_new_time_is_told_from_the_one_that_learners_know(session: Session) -> None:
    _run, block, me = taught(session)
    was = clock.local(clock.now() + timedelta(days=3))
    move(block, 4)
    move(block, 5)  # another correction before anybody was told
    (words,) = told(session, me)
    new = clock.local(clock.now() + timedelta(days=5))
    assert re.fullmatch(rf"直播课《答疑》（.+）改为 {new:%Y-%m-%d} ..:00 开始，原定 {was:%Y-%m-%d} ..:00。", words)
    move(block, 4)
    assert len(told(session, me)) == 2


def test_what_is_as_learners_know_it_is_not_told(session: Session) -> None:
    _run, block, me = taught(session)
    versions.save(part=block, version=None, by=SYSTEM, now=clock.now(), body="请带上图纸")
    versions.publish_drafts(parts=[block], note="", by=SYSTEM, now=clock.now())
    assert asked(session) == []
    move(block, 4)
    move(block, 3)
    content.remove(part=block, by=SYSTEM, now=clock.now())
    content.bring_back(part=block, by=SYSTEM, now=clock.now())
    assert (len(asked(session)), told(session, me)) == (1, [])


def test_a_cancelled_one_is_told_when_it_may_not_come_back_any_more(session: Session) -> None:
    _run, block, me = taught(session)
    content.publish(part=block, is_published=False, by=SYSTEM, now=clock.now())
    (job,) = asked(session)
    assert job.run_after_at > clock.now() + timedelta(minutes=9)
    assert ["现已取消" in words for words in told(session, me)] == [True]
    content.publish(part=block, is_published=True, by=SYSTEM, now=clock.now())
    content.remove(part=session.get_one(Block, block.id), by=SYSTEM, now=clock.now() + timedelta(days=3))
    assert asked(session)[0].run_after_at < clock.now() + timedelta(minutes=2), "it runs: nobody waits"


def test_what_was_told_as_cancelled_is_told_when_it_comes_back(session: Session) -> None:
    _run, block, me = taught(session)
    unit = session.get_one(Unit, block.unit_id)
    content.publish(part=unit, is_published=False, by=SYSTEM, now=clock.now())
    assert ["现已取消" in words for words in told(session, me)] == [True]
    content.publish(part=unit, is_published=True, by=SYSTEM, now=clock.now())
    assert "照常举行" in told(session, me)[-1]
    content.remove(part=unit, by=SYSTEM, now=clock.now())
    assert "现已取消" in told(session, me)[-1]
    content.bring_back(part=unit, by=SYSTEM, now=clock.now())
    content.remove(part=session.get_one(Block, block.id), by=SYSTEM, now=clock.now())
    assert len(told(session, me)) == 3, "it is cancelled, as they know"
    content.bring_back(part=session.get_one(Block, block.id), by=SYSTEM, now=clock.now())
    assert ["照常举行" in words for words in told(session, me)] == [False, True, False, True]
    move(session.get_one(Block, block.id), 5)
    assert "改为" in told(session, me)[-1]


@pytest.mark.parametrize("is_dragged", [False, True])
def test_what_is_moved_into_what_is_not_shown_is_cancelled(is_dragged: bool, session: Session) -> None:
    run, block, me = taught(session)
    unit = session.get_one(Unit, block.unit_id)
    hidden = content.add_unit(section=session.get_one(Section, unit.section_id), title="以后", by=SYSTEM, now=make.NOW, is_published=False)
    session.commit()
    if is_dragged:
        order = [(PartKind.SECTION, unit.section_id), (PartKind.UNIT, unit.id), (PartKind.UNIT, hidden.id), (PartKind.BLOCK, block.id)]
        was = [order[0], order[1], order[3], order[2]]
        assert content.arrange(run=run, order=order, was=was, by=SYSTEM, now=clock.now()) > 0
    else:
        content.move_into(part=block, holder=hidden, by=SYSTEM, now=clock.now())
    assert ["现已取消" in words for words in told(session, me)] == [True]
    content.move_into(part=session.get_one(Block, block.id), holder=session.get_one(Unit, unit.id), by=SYSTEM, now=clock.now())
    assert "照常举行" in told(session, me)[-1]


def test_what_is_over_and_what_is_for_another_group_is_not_told(session: Session) -> None:
    _run, block, _me = taught(session, days=-1)
    content.remove(part=block, by=SYSTEM, now=clock.now())
    assert asked(session) == []
    run, other, learner = taught(session)
    group = groups.add_group(run=run, name="红", by=SYSTEM, now=clock.now())
    other.access = Access((Condition(ConditionKind.GROUP, group.key),)).plain()
    session.commit()
    move(other, 6)
    assert (len(asked(session)), told(session, learner)) == (1, [])


def test_only_a_new_start_is_told(session: Session) -> None:
    _run, block, me = taught(session)
    moved = times(3)
    moved["ends_at"] = (datetime.fromisoformat(moved["ends_at"]) + timedelta(hours=1)).isoformat()
    versions.save(part=block, version=None, by=SYSTEM, now=clock.now(), settings=moved)
    versions.publish_drafts(parts=[block], note="", by=SYSTEM, now=clock.now())
    assert (asked(session), told(session, me)) == ([], [])
    move(block, 4)
    versions.save(part=block, version=None, by=SYSTEM, now=clock.now(), settings=times(3))  # back to the start that learners know, with other hours
    versions.publish_drafts(parts=[block], note="", by=SYSTEM, now=clock.now())
    assert (len(asked(session)), told(session, me)) == (1, [])


@pytest.mark.parametrize("is_limited", [False, True])
def test_very_many_are_told_by_as_many_questions_as_few(is_limited: bool, session: Session, count_queries: list[str]) -> None:
    run, block, _me = taught(session)
    group = groups.add_group(run=run, name="红", by=SYSTEM, now=clock.now()) if is_limited else None
    if group is not None:
        block.access = Access((Condition(ConditionKind.GROUP, group.key), Condition(ConditionKind.DONE, "unit:x")), any_suffices=True).plain()
    found = []
    for days, more in ((4, 3), (5, 20)):
        for _n in range(more):
            make_account(person=session.get_one(Person, make.enrolment(run).person_id))
        session.commit()
        move(block, days)
        (job,) = asked(session)
        given = dict(job.args)
        job.state, job.unique_key = jobs.JobState.DONE, None
        session.commit()
        count_queries.clear()
        assert tasks.tell_live(Running(0, given, None))["told"] == 1 + more + (3 if days == 5 else 0)
        found.append(len([one for one in count_queries if one.startswith("SELECT")]))
    assert found[0] == found[1], found


def test_a_subscribed_calendar_sees_a_later_sequence(client: FlaskClient, session: Session) -> None:
    _run, block, me = taught(session)
    secret = operations.renew(person_id=me.person_id, by=SYSTEM, now=clock.now())
    session.commit()

    def sequence() -> int:
        text = client.get(f"/calendar/{secret}.ics").text
        event = next(part for part in text.split("BEGIN:VEVENT") if f"block-{block.id}-live" in part)
        return int(re.findall(r"SEQUENCE:(\d+)", event)[0])

    before = sequence()
    move(block, 4)
    session.commit()
    assert sequence() > before
