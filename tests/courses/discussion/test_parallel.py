"""Two at once in a thread, in a conversation and at a summary (PostgreSQL): nothing is written where it is lost, nobody is left untold."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from courses.analytics import operations as analytics
from courses.analytics.models import RunSummary
from courses.discussion import operations, queries
from courses.discussion.models import Thread
from courses.discussion.types import Author
from courses.messages import operations as messages
from courses.messages.models import Announcement, Conversation
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.identity import account
from tests.factories.parallel import linger
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import Refused
from trainhub.notifications.models import Notice

NOW = make.NOW
pytestmark = pytest.mark.skipif(not os.environ.get("TRAINHUB_TEST_DATABASE_URL", "").startswith("postgres"), reason="one writer at a time on SQLite")


def while_open(app: Flask, load: Callable[[], Any], deed: Callable[[Any], Any], other: Callable[[], Any]) -> str:
    """What becomes of a deed whose rows were read before somebody else did theirs: done, or the name of the refusal."""
    read, written = Event(), Event()

    def first() -> str:
        with app.app_context():
            try:
                with transaction():
                    loaded = load()
                    read.set()
                    written.wait(10)
                    deed(loaded)
            except Refused as refused:
                return type(refused).__name__
        return "done"

    def second() -> None:
        read.wait(10)
        try:
            with app.app_context(), transaction():
                other()
        finally:
            written.set()

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(first), pool.submit(second)
        two.result()
        return one.result()


def begun(app: Flask) -> tuple[int, int, int]:
    """A run with a thread: their ids and that of its writer."""
    with app.app_context(), transaction():
        run = make.run(is_published=True)
        who = ground.person()
        make.enrolment(run, who)
        thread = operations.start(run=run, author=Author(who.id, False), title="问", body="问", by=SYSTEM, now=NOW)
        return run.id, thread.id, who.id


def loaded(key: int) -> Thread:
    found = queries.thread_by_id(key)
    assert found is not None
    return found


def test_an_answer_is_not_written_into_a_thread_that_was_closed_meanwhile(committed: Flask) -> None:
    run_id, thread_id, person_id = begun(committed)

    def reply(thread: Thread) -> None:
        operations.answer(run=make.queries.run_by_id(run_id), thread=thread, author=Author(person_id, False), body="答", by=SYSTEM, now=NOW)  # type: ignore[arg-type]

    def lock() -> None:
        operations.set_flag(thread=loaded(thread_id), by=SYSTEM, is_locked=True)

    def remove() -> None:
        thread = loaded(thread_id)
        operations.remove(thread=thread, row=session().scalars(queries.posts(thread)).one(), reason="跑题", by=SYSTEM, now=NOW)

    assert while_open(committed, lambda: loaded(thread_id), reply, lock) == "NotAllowed"
    with committed.app_context(), transaction():
        operations.set_flag(thread=loaded(thread_id), by=SYSTEM, is_locked=False)
    assert while_open(committed, lambda: loaded(thread_id), reply, remove) == "NotFound"


def test_what_was_removed_meanwhile_is_not_accepted(committed: Flask) -> None:
    run_id, thread_id, person_id = begun(committed)
    with committed.app_context(), transaction():
        run, thread = make.queries.run_by_id(run_id), loaded(thread_id)
        assert run is not None
        post_id = operations.answer(run=run, thread=thread, author=Author(person_id, True), body="答", by=SYSTEM, now=NOW).id

    def both() -> tuple[Thread, Any]:
        return loaded(thread_id), queries.post_by_id(post_id)

    def accept(pair: tuple[Thread, Any]) -> None:
        operations.accept(thread=pair[0], post=pair[1], by=SYSTEM, now=NOW)

    def remove(pair: tuple[Thread, Any]) -> None:
        operations.remove(thread=pair[0], row=pair[1], reason="错", by=SYSTEM, now=NOW)

    def accepted() -> int | None:
        with committed.app_context():
            return loaded(thread_id).accepted_post_id

    assert while_open(committed, both, remove, lambda: accept(both())) in ("done", "Stale")
    with committed.app_context():
        is_gone = queries.post_by_id(post_id).removed_at is not None  # type: ignore[union-attr]
    assert accepted() == (None if is_gone else post_id)


def test_two_replies_at_once_are_both_counted_and_told(committed: Flask) -> None:
    with committed.app_context(), transaction():
        run = make.run(is_published=True)
        learner, teachers = ground.person(), [ground.person() for _n in range(2)]
        account(person=learner, username="asks")
        make.enrolment(run, learner)
        given = {"run": run, "person_id": learner.id, "subject": "问", "body": "问", "sender_id": learner.id, "is_staff": False}
        key, run_id, ids = messages.write(**given, by=SYSTEM, now=NOW).id, run.id, [one.id for one in teachers]  # type: ignore[arg-type]

    def reply(talk: Conversation, sender: int) -> None:
        run = make.queries.run_by_id(run_id)
        assert run is not None
        messages.reply(run=run, conversation=talk, body="答", sender_id=sender, is_staff=True, by=SYSTEM, now=NOW)

    def load() -> Conversation:
        return session().get_one(Conversation, key)

    assert while_open(committed, load, lambda talk: reply(talk, ids[0]), lambda: reply(load(), ids[1])) == "done"
    with committed.app_context():
        told = session().scalars(select(Notice).where(Notice.kind == "courses.message")).all()
        assert (load().messages, len(told)) == (3, 2)


def test_an_announcement_that_was_published_meanwhile_is_not_changed_unseen(committed: Flask) -> None:
    with committed.app_context(), transaction():
        run = make.run(is_published=True)
        row = messages.announce(run=run, title="题", body="文", publish_at=NOW.replace(year=2027), by=SYSTEM, now=NOW)
        key = row.id

    def change(row: Announcement) -> None:
        given: dict[str, Any] = {"title": "新", "body": "新", "publish_at": NOW.replace(year=2028), "version": None}
        messages.change_announcement(row=row, **given, by=SYSTEM, now=NOW)

    def publish() -> None:
        messages.publish(announcement_id=key, by=SYSTEM, now=NOW.replace(year=2027))

    assert while_open(committed, lambda: session().get_one(Announcement, key), change, publish) == "Stale"


def test_two_who_sum_a_run_up_at_once_get_one_summary(committed: Flask) -> None:
    with committed.app_context(), transaction():
        run = make.run(is_published=True)
        make.enrolment(run)
        run_id = run.id
    with ThreadPoolExecutor(2) as pool:

        def work(_n: int) -> None:
            with committed.app_context(), transaction():
                made, risks = analytics.compute(run_id=run_id, now=NOW)
                sleep(0.3)
                analytics.keep(run_id=run_id, made=made, risks=risks, now=NOW)
                linger(0.3)

        list(pool.map(work, range(2)))
    with committed.app_context():
        assert len(session().scalars(select(RunSummary)).all()) == 1
