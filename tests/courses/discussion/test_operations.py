"""Threads and answers on the real database: who is told, what is kept, what is counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.catalogue.models import Run, Unit
from courses.catalogue.operations import content, groups
from courses.catalogue.types import Access, Condition, ConditionKind
from courses.discussion import follow_queries, opening, operations, queries, rules
from courses.discussion.models import Post, PostReport, PostRevision, Thread
from courses.discussion.types import Author
from courses.learning.models import BlockProgress, Enrolment
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.identity import account as make_account
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.errors import NotAllowed, Refused, Stale, TooMany
from trainhub.notifications.models import Notice
from trainhub.people.models import Person

NOW = make.NOW


def me(who: Person) -> Identity:
    return Identity(account_id=None, person_id=who.id, name=who.name)


def member(run: Run, name: str | None = None) -> Person:
    who = ground.person(name=name)
    make_account(person=who, username=f"talk{who.id}")
    make.enrolment(run, who)
    return who


def start(run: Run, who: Person, body: str = "内容", **given: Any) -> Thread:
    given.setdefault("title", "标题")
    is_staff = given.pop("is_staff", False)
    return operations.start(run=run, author=Author(who.id, is_staff), body=body, by=me(who), now=NOW, **given)


def answer(run: Run, thread: Thread, who: Person, body: str = "回复", *, is_staff: bool = False, minutes: int = 1, **given: Any) -> Any:
    at = NOW + timedelta(minutes=minutes)
    return operations.answer(run=run, thread=thread, author=Author(who.id, is_staff), body=body, by=me(who), now=at, **given)


def kinds(session: Session) -> list[str]:
    return list(session.scalars(select(Notice.kind).where(Notice.kind.startswith("courses.")).order_by(Notice.id)))


def test_an_answer_tells_the_beginner_and_a_mention_the_mentioned_once(session: Session) -> None:
    run = make.run(is_published=True)
    first, second, third = member(run, "赵一"), member(run, "钱二"), member(run, "孙三")
    stranger = ground.person(name="李四")
    make_account(person=stranger, username="stranger")
    thread = start(run, first)
    post = answer(run, thread, second, "@孙三 请看，@李四 不在课里")
    assert kinds(session) == ["courses.mentioned", "courses.answered"]
    assert "<mark>@孙三</mark>" in post.body_html
    assert "<mark>@李四</mark>" not in post.body_html
    session.refresh(post)
    operations.edit(run=run, thread=thread, row=post, body="@孙三 请看，改过", version=post.version, by=me(second), now=NOW)
    assert kinds(session) == ["courses.mentioned", "courses.answered"]
    assert len(session.scalars(select(PostRevision)).all()) == 1
    session.refresh(thread)
    assert (thread.posts, third.id in queries.mentioned_in(post.id)) == (2, True)
    with pytest.raises(Stale):
        operations.edit(run=run, thread=thread, row=post, body="再改", version=post.version - 1, by=me(second), now=NOW)


def test_a_mention_tells_only_who_can_open_the_thread(session: Session) -> None:
    lead = ground.person(name="陈老师")
    make_account(person=lead, username="lead")
    run = make.run(lead=lead, is_published=True)
    red = groups.add_group(run=run, name="红组", by=SYSTEM, now=NOW)
    block = make.discussion(make.unit(run), access=Access((Condition(ConditionKind.GROUP, red.key),)).plain())
    writer, mate, outsider = member(run, "赵一"), member(run, "钱二"), member(run, "孙三")
    inside = [writer.id, mate.id]
    groups.change_members(group=red, joining=inside, leaving=(), learners=[*inside, outsider.id], by=SYSTEM, now=NOW)
    thread = start(run, writer, f"@钱二 @孙三 @孙三#{outsider.id} @陈老师 请看", block=block)
    post = session.scalars(queries.posts(thread)).one()
    assert queries.mentioned_in(post.id) == {mate.id, lead.id}
    assert kinds(session) == ["courses.mentioned", "courses.mentioned"]
    assert ("<mark>@钱二</mark>" in post.body_html, "<mark>@孙三</mark>" in post.body_html) == (True, False)
    everywhere = start(run, writer, "@孙三 这里都能看")
    assert queries.mentioned_in(session.scalars(queries.posts(everywhere)).one().id) == {outsider.id}


def test_nobody_is_told_of_what_is_no_longer_open_to_him(session: Session) -> None:
    """An answer, an accepted reply and news of a followed thread: the same question as for a mention."""
    run = make.run(lead=ground.person(name="陈老师"), is_published=True)
    red = groups.add_group(run=run, name="红组", by=SYSTEM, now=NOW)
    block = make.discussion(make.unit(run), access=Access((Condition(ConditionKind.GROUP, red.key),)).plain())
    inside, moved = member(run, "赵一"), member(run, "钱二")
    both = [inside.id, moved.id]
    groups.change_members(group=red, joining=both, leaving=(), learners=both, by=SYSTEM, now=NOW)
    asked = start(run, moved, "请教", block=block)
    reply = operations.answer(run=run, thread=asked, author=Author(moved.id, False), body="自己想到了", by=SYSTEM, now=NOW, block=block)
    operations.follow_thread(thread=asked, person_id=inside.id, now=NOW)
    groups.change_members(group=red, joining=(), leaving=[moved.id], learners=both, by=SYSTEM, now=NOW)
    later = NOW + timedelta(hours=1)
    operations.answer(run=run, thread=asked, author=Author(inside.id, False), body="这样", by=SYSTEM, now=later, block=block)
    operations.accept(thread=asked, post=reply, by=SYSTEM, now=later)
    assert kinds(session) == []
    assert opening.news(later + timedelta(hours=1)) == {}
    groups.change_members(group=red, joining=[moved.id], leaving=(), learners=both, by=SYSTEM, now=later)
    assert opening.news(later + timedelta(hours=1)) == {moved.id: 1}
    operations.answer(run=run, thread=asked, author=Author(inside.id, False), body="再补充", by=SYSTEM, now=later, block=block)
    assert kinds(session) == ["courses.answered"]


def test_a_discussion_for_a_group_stays_its_writers_own_when_it_is_removed(session: Session) -> None:
    """Whatever was removed, the block or what holds it: who never could open it is told of nothing, whoever wrote in it still is."""
    lead = ground.person(name="陈老师")
    make_account(person=lead, username="lead")
    run = make.run(lead=lead, is_published=True)
    red = groups.add_group(run=run, name="红组", by=SYSTEM, now=NOW)
    access = Access((Condition(ConditionKind.GROUP, red.key),)).plain()
    of_block, of_unit = make.discussion(make.unit(run), access=access), make.discussion(make.unit(run, access=access))
    free = make.discussion(make.unit(run))
    inside, silent, outsider = member(run, "赵一"), member(run, "钱二"), member(run, "孙三")
    both = [inside.id, silent.id]
    groups.change_members(group=red, joining=both, leaving=(), learners=[*both, outsider.id], by=SYSTEM, now=NOW)
    asked = [start(run, inside, block=block) for block in (of_block, of_unit, free)]
    everybody = [lead.id, *both, outsider.id]
    for thread in asked:
        operations.follow_thread(thread=thread, person_id=outsider.id, now=NOW)
    assert [opening.who_may_open(thread, everybody, NOW) for thread in asked] == [{lead.id, *both}, {lead.id, *both}, set(everybody)]
    for part in (of_block, session.get(Unit, of_unit.unit_id), free):
        assert part is not None
        content.remove(part=part, by=SYSTEM, now=NOW)
    assert [opening.who_may_open(thread, everybody, NOW) for thread in asked] == [{lead.id, inside.id}, {lead.id, inside.id}, set(everybody)]
    for thread in asked:
        operations.answer(run=run, thread=thread, author=Author(lead.id, True), body="@孙三 @赵一", by=SYSTEM, now=NOW + timedelta(hours=1))
    mentioned = [{key for post in session.scalars(queries.posts(thread)) for key in queries.mentioned_in(post.id)} for thread in asked]
    assert mentioned == [{inside.id}, {inside.id}, {inside.id, outsider.id}]
    assert opening.news(NOW + timedelta(hours=2)) == {inside.id: 3, outsider.id: 1}


def test_a_contribution_to_a_block_counts_as_learning(session: Session) -> None:
    run = make.run()
    block = make.discussion(make.unit(run))
    run = make.publish(run)
    who = member(run)
    enrolment = session.scalars(select(Enrolment).where(Enrolment.person_id == who.id)).one()
    start(run, who, block=block, enrolment=enrolment, title="")
    assert session.scalars(select(BlockProgress.is_done)).all() == [True]
    assert session.scalars(select(Thread.title)).all() == ["内容"]
    text = make.text(make.unit(make.run()))
    with pytest.raises(operations.BadPost, match="不是讨论区"):
        start(run, who, block=text)


def test_what_cannot_be_posted(session: Session) -> None:
    run = make.run(is_published=True)
    who = member(run)
    with pytest.raises(operations.BadPost, match="不能为空"):
        start(run, who, " \x00 ")
    with pytest.raises(operations.BadPost, match="20000"):
        start(run, who, "字" * 20_001)
    post_html = session.scalars(select(Thread)).all()
    assert post_html == []
    thread = start(run, who, "<script>alert(1)</script>\n\n**好**<img src=x onerror=alert(1)>")
    row = session.scalars(queries.posts(thread)).one()
    assert "script" not in row.body_html
    assert "onerror" not in row.body_html
    assert "<strong>好</strong>" in row.body_html


def test_a_locked_thread_is_closed_for_learners_only(session: Session) -> None:
    run = make.run(is_published=True)
    who, teacher = member(run), ground.person()
    thread = start(run, who)
    operations.set_flag(thread=thread, is_locked=True, by=SYSTEM)
    with pytest.raises(NotAllowed):
        answer(run, thread, who)
    assert answer(run, thread, teacher, is_staff=True).is_staff


def test_three_reports_hide_and_a_decision_closes_them_all(session: Session) -> None:
    run = make.run(is_published=True)
    writer, *others = [member(run) for _ in range(5)]
    thread = start(run, others[0])
    post = answer(run, thread, writer, "广告")
    for number, who in enumerate(others[:3]):
        assert operations.report(row=post, person_id=who.id, reason=f"理由{number}", by=me(who), now=NOW)
    assert not operations.report(row=post, person_id=others[0].id, reason="再来", by=me(others[0]), now=NOW)
    rows = list(session.scalars(queries.posts(thread)))
    seen = queries.as_posts(rows, thread, reader=others[3].id, may_moderate=False)
    assert [row.hidden is None for row in seen] == [True, False]
    assert [row.html for row in seen][1] == ""
    queue = queries.as_reports(list(session.execute(queries.open_reports(run.id))))
    assert [(row.post_id, row.reports, row.reasons) for row in queue] == [(post.id, 3, ("理由0", "理由1", "理由2"))]
    with pytest.raises(Refused, match="理由"):
        operations.remove(thread=thread, row=post, reason="", by=SYSTEM, now=NOW)
    operations.remove(thread=thread, row=post, reason="广告", by=SYSTEM, now=NOW)
    operations.remove(thread=thread, row=post, reason="广告", by=SYSTEM, now=NOW)
    assert [row.is_upheld for row in session.scalars(select(PostReport))] == [True] * 3
    session.refresh(thread)
    assert thread.posts == 1
    assert kinds(session).count("courses.post_removed") == 1


def test_reports_do_not_hide_what_the_staff_wrote(session: Session) -> None:
    run = make.run(is_published=True)
    teacher, *others = [member(run) for _ in range(5)]
    thread = start(run, others[0])
    post = answer(run, thread, teacher, "平时分占四成", is_staff=True)
    for who in others[:3]:
        assert operations.report(row=post, person_id=who.id, reason="不同意", by=me(who), now=NOW)
    seen = queries.as_posts(list(session.scalars(queries.posts(thread))), thread, reader=others[3].id, may_moderate=False)
    assert [row.hidden for row in seen] == [None, None]
    assert queries.count_open_reports(run.id) == 1


def test_dismissed_reports_show_the_post_again(session: Session) -> None:
    run = make.run(is_published=True)
    writer, other = member(run), member(run)
    thread = start(run, writer)
    post = session.scalars(queries.posts(thread)).one()
    operations.report(row=post, person_id=other.id, reason="误会", by=me(other), now=NOW)
    assert operations.settle(row=post, by=SYSTEM, now=NOW) == 1
    assert queries.count_open_reports(run.id) == 0


def test_the_staff_is_told_once_of_reports_that_wait_together(session: Session) -> None:
    lead = ground.person()
    make_account(person=lead, username="lead-of-talk")
    run = make.run(lead=lead, is_published=True)
    writer, *others = [member(run) for _ in range(4)]
    post = session.scalars(queries.posts(start(run, writer))).one()
    told = []
    for number, who in enumerate(others):
        operations.report(row=post, person_id=who.id, reason="广告", by=me(who), now=NOW)
        told.append(kinds(session).count("courses.post_reported"))
        if number == 1:
            operations.settle(row=post, by=SYSTEM, now=NOW)
    assert told == [1, 1, 2]  # anew after the decision
    notice = session.scalars(select(Notice).where(Notice.kind == "courses.post_reported")).first()
    assert notice is not None
    assert (notice.url, notice.values["course"]) == (f"/teaching/runs/{run.id}/moderation", run.title)


def test_what_was_changed_after_a_decision_can_be_reported_again(session: Session) -> None:
    run = make.run(is_published=True)
    writer, other = member(run), member(run)
    thread = start(run, writer)
    post = answer(run, thread, writer, "一句话")
    report = {"person_id": other.id, "reason": "广告", "by": me(other)}
    assert operations.report(row=post, now=NOW, **report)  # type: ignore[arg-type]
    operations.settle(row=post, by=SYSTEM, now=NOW + timedelta(hours=1))
    assert not operations.report(row=post, now=NOW + timedelta(hours=2), **report), "the same words were decided upon"  # type: ignore[arg-type]
    session.refresh(post)
    operations.edit(run=run, thread=thread, row=post, body="加我微信", version=None, by=me(writer), now=NOW + timedelta(hours=3))
    assert operations.report(row=post, now=NOW + timedelta(hours=4), **report)  # type: ignore[arg-type]
    assert not operations.report(row=post, now=NOW + timedelta(hours=4), **report)  # type: ignore[arg-type]
    assert queries.count_open_reports(run.id) == 1


def test_the_title_of_a_thread_goes_with_the_post_it_begins_with(session: Session) -> None:
    run = make.run(is_published=True)
    writer, *others = [member(run) for _ in range(4)]
    thread = start(run, writer, title="骂人的标题")
    post = session.scalars(queries.posts(thread)).one()
    for number, who in enumerate(others):
        operations.report(row=post, person_id=who.id, reason="骂人", by=me(who), now=NOW)
        is_hidden = number == rules.HIDE_AT - 1
        for reader, moderates in ((others[0].id, False), (writer.id, False), (0, True)):
            (row,) = queries.as_threads(list(session.execute(queries.threads(run.id, reader=reader))), reader=reader, may_moderate=moderates)
            assert (row.title == "") == (is_hidden and reader == others[0].id)
            for text in ("骂人的标题", "内容"):  # nor is it found by what it says
                listed = session.execute(queries.threads(run.id, reader=reader, text=text, may_moderate=moderates)).all()
                assert len(listed) == (0 if is_hidden and reader == others[0].id else 1)


def test_a_learner_does_not_take_others_answers_away_with_the_own_thread(session: Session) -> None:
    run = make.run(is_published=True)
    who, other = member(run), member(run)
    thread = start(run, who)
    first = session.scalars(queries.posts(thread)).one()
    reply = answer(run, thread, other)
    with pytest.raises(Refused, match="回复"):
        operations.remove(thread=thread, row=first, reason="", by=me(who), now=NOW)
    operations.remove(thread=thread, row=reply, reason="", by=me(other), now=NOW)
    operations.remove(thread=thread, row=first, reason="", by=me(who), now=NOW)
    assert queries.thread_by_id(thread.id) is None
    second = start(run, who)
    answer(run, second, other)
    operations.remove(thread=second, row=session.scalars(queries.posts(second)).first(), reason="跑题", by=SYSTEM, now=NOW)  # type: ignore[arg-type]
    assert queries.thread_by_id(second.id) is None, "the staff may"


@pytest.mark.parametrize(("before", "is_refused"), [(rules.MOST_AN_HOUR - 1, False), (rules.MOST_AN_HOUR, True)])
def test_a_learner_writes_so_much_in_an_hour(session: Session, before: int, is_refused: bool) -> None:
    run = make.run(is_published=True)
    who = member(run)
    thread = start(run, who)
    given = {"thread_id": thread.id, "person_id": who.id, "body": "x", "body_html": "x"}
    session.add_all(Post(**given, posted_at=NOW - timedelta(minutes=59)) for _n in range(before - 1))
    session.add(Post(**given, posted_at=NOW - timedelta(minutes=61)))
    session.flush()
    if is_refused:
        with pytest.raises(TooMany):
            start(run, who)
        assert answer(run, thread, who, is_staff=True, minutes=0), "who teaches answers as often as it takes"
    else:
        assert start(run, who)


def test_removing_the_first_post_removes_the_thread(session: Session) -> None:
    run = make.run(is_published=True)
    who = member(run)
    thread = start(run, who)
    post = session.scalars(queries.posts(thread)).one()
    operations.remove(thread=thread, row=post, reason="", by=me(who), now=NOW)
    assert queries.thread_by_id(thread.id) is None


def test_followers_are_told_together_and_once(session: Session) -> None:
    run = make.run(is_published=True)
    first, second, third = member(run), member(run), member(run)
    thread = start(run, first)
    operations.follow_thread(thread=thread, person_id=third.id, now=NOW)
    operations.follow_thread(thread=thread, person_id=third.id, now=NOW)
    operations.follow_forum(run=run, person_id=third.id, now=NOW)
    for minutes in range(1, 4):
        answer(run, thread, second, minutes=minutes)
    later = NOW + timedelta(hours=1)
    assert opening.news(later) == {first.id: 3, third.id: 3}
    everybody = follow_queries.followers(later)

    def tell(some: list[int]) -> int:
        return operations.tell_followers(person_ids=some, news=opening.news(later), now=later)

    assert [tell(everybody[:1]), tell(everybody), tell(everybody)] == [1, 1, 0], "in portions, and it goes on where it stopped"
    assert follow_queries.followers(later) == []
    told = session.scalars(select(Notice).where(Notice.kind == "courses.discussion_news")).all()
    assert [notice.values for notice in told] == [{"n": 3}, {"n": 3}]


def test_news_asks_as_often_for_many_followers_and_runs_as_for_one(session: Session, count_queries: list[str]) -> None:
    """Also where every follower has to be judged alone: conditions, groups, a discussion that was removed."""

    def more() -> None:
        run = make.run()
        red = groups.add_group(run=run, name="红组", by=SYSTEM, now=NOW)
        only = Access((Condition(ConditionKind.GROUP, red.key),)).plain()
        blocks = [make.discussion(make.unit(run), access=only) for _n in range(2)]
        make.text(make.unit(run))
        make.publish(run)
        lead = ground.person()
        readers = [member(run) for _n in range(3)]
        groups.change_members(group=red, joining={readers[0].id}, leaving=set(), learners={who.id for who in readers}, by=SYSTEM, now=NOW)
        for block in blocks:
            thread = start(run, lead, is_staff=True, block=block)
            for who in readers:
                operations.follow_thread(thread=thread, person_id=who.id, now=NOW)
            answer(run, thread, lead, is_staff=True, minutes=2)
        answer(run, thread, readers[1], minutes=3)
        content.remove(part=blocks[1], by=SYSTEM, now=NOW)
        told.update({readers[0].id: 1, readers[1].id: 1})  # the open one; who wrote in what is gone reads on there; the third reads nothing

    told: dict[int, int] = {}
    asked = []
    for runs in (1, 3):
        for _n in range(runs):
            more()
        session.flush()
        session.expire_all()
        count_queries.clear()
        assert opening.news(NOW + timedelta(hours=1)) == told
        asked.append(len(count_queries))
    assert asked[0] == asked[1]


def test_an_accepted_answer_can_be_changed_and_taken_back(session: Session) -> None:
    run = make.run(is_published=True)
    first, second = member(run), member(run)
    thread = start(run, first, is_question=True)
    post, other = answer(run, thread, second), answer(run, thread, second, minutes=2)
    operations.accept(thread=thread, post=post, by=me(first), now=NOW)
    operations.accept(thread=thread, post=other, by=me(first), now=NOW)
    assert thread.accepted_post_id == other.id
    operations.accept(thread=thread, post=other, by=me(first), now=NOW)
    assert thread.accepted_post_id is None
    assert kinds(session).count("courses.accepted") == 2


def test_suggestions_find_by_name_and_pinyin_and_number_the_same_names(session: Session) -> None:
    run = make.run(lead=ground.person(name="张老师"), is_published=True)
    one, two = member(run, "张伟"), member(run, "张伟")
    member(run, "刘洋")
    assert [p.mention for p in queries.participants(run.id, "张")] == ["张老师", f"张伟#{one.id}", f"张伟#{two.id}"]
    assert [p.name for p in queries.participants(run.id, "liuy")] == ["刘洋"]
    assert [p.name for p in queries.participants(run.id, "ly")] == ["刘洋"]
