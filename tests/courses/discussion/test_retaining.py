"""Signatures go when their period is over; contributions stay."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.discussion import queries
from courses.discussion.models import Post
from courses.discussion.operations.retaining import forget_posts
from tests.courses.discussion.test_operations import NOW, answer, member, start
from tests.factories import courses as make
from trainhub.kernel.access import SYSTEM
from trainhub.people import operations as people


def test_contributions_lose_their_signature_three_years_after_the_course(session: Session) -> None:
    run = make.run(ends_on=date(2026, 6, 30), is_published=True)
    who, held = member(run), member(run)
    people.place_hold(person=held, reason="成绩申诉", by=SYSTEM, now=NOW)
    thread = start(run, who, "你们怎么看？")
    answer(run, thread, held, "同意")
    assert forget_posts(today=date(2029, 6, 30)) == 0
    assert forget_posts(today=date(2029, 7, 1)) == 1
    assert forget_posts(today=date(2029, 7, 1)) == 0
    session.expire_all()
    rows = session.scalars(select(Post).order_by(Post.id)).all()
    assert [(row.body, row.person_id) for row in rows] == [("你们怎么看？", None), ("同意", held.id)]
    (listed,) = session.execute(queries.threads(run.id, reader=held.id)).all()
    assert (listed.person_id, queries.as_threads([listed], reader=held.id, may_moderate=True)[0].author) == (None, "")
    shown = queries.as_posts(list(session.scalars(queries.posts(thread))), thread, reader=held.id, may_moderate=True)
    assert [row.author for row in shown] == ["", held.name]
