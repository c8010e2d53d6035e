"""The forum's pages: who may open, what an anonymous post hides, the same queries at one and thirty rows, large and hostile posts."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from courses.catalogue.models import Run
from courses.catalogue.operations import content, groups
from courses.catalogue.types import Access, Condition, ConditionKind
from courses.discussion import queries, rules
from courses.discussion.models import Post, PostImage, PostReport, Thread
from courses.learning import operations as doing
from courses.learning import queries as learning
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.notifications.models import Notice
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


@pytest.fixture
def place(as_role: AsRole, session: Session) -> tuple[Run, FlaskClient, FlaskClient, FlaskClient, FlaskClient]:
    """A run; browsers of a learner, a classmate, the lecturer and a stranger."""
    lead, learner, mate, stranger = (ground.person(name=name) for name in ("陈老师", "林学员", "吴同学", "外人"))
    run = make.run(lead=lead, is_published=True)
    make.enrolment(run, learner)
    make.enrolment(run, mate)
    session.commit()
    owner = run.course.owner_id
    return (
        run,
        as_role(Role.TRAINEE, person_id=learner.id),
        as_role(Role.TRAINEE, person_id=mate.id),
        as_role(Role.LECTURER, organisation_id=owner, person_id=lead.id),
        as_role(Role.TRAINEE, person_id=stranger.id),
    )


def test_a_learner_asks_anonymously_and_the_lecturer_answers(
    place: tuple[Run, FlaskClient, FlaskClient, FlaskClient, FlaskClient], session: Session
) -> None:
    run, learner, mate, teacher, stranger = place
    forum = f"/learning/runs/{run.id}/forum"
    data = {"title": "看不懂", "body": "单位换算", "is_question": "1", "is_anonymous": "1", "images": (io.BytesIO(PNG), "图.png")}
    where = learner.post(f"{forum}/new", data=data).headers["Location"]
    assert "匿名同学" in mate.get(where).text
    assert "林学员" not in mate.get(where).text
    assert "林学员" not in mate.get(forum).text
    assert "林学员" in teacher.get(where).text
    image = session.scalars(select(PostImage)).one()
    assert mate.get(f"/learning/posts/images/{image.id}").data == PNG
    assert stranger.get(f"/learning/posts/images/{image.id}").status_code == 403
    assert stranger.get(forum).status_code == 403
    assert stranger.get(where).status_code == 403
    assert stranger.post(where, data={"body": "hi"}).status_code == 403
    assert stranger.get(f"/learning/runs/{run.id}/people?q=林").status_code == 403
    assert teacher.post(where, data={"body": "除以 8"}).status_code == 303
    post = session.scalars(select(Post).order_by(Post.id.desc())).first()
    assert post is not None
    assert mate.post(f"/learning/posts/{post.id}/accept").status_code == 403
    assert learner.post(f"/learning/posts/{post.id}/accept").status_code == 303
    assert "已采纳" in mate.get(forum).text
    assert "看不懂" in mate.get(f"{forum}?q=换算").text
    assert "看不懂" not in mate.get(f"{forum}?q=没有这个词").text
    assert "看不懂" not in mate.get(f"{forum}?show=unanswered").text
    assert mate.post(f"/teaching/threads/{post.thread_id}/mark", data={"is_locked": "1"}).status_code == 403
    assert teacher.post(f"/teaching/threads/{post.thread_id}/mark", data={"is_locked": "1", "is_pinned": "1"}).status_code == 303
    assert mate.post(where, data={"body": "再问"}).status_code == 422 or mate.post(where, data={"body": "再问"}).status_code == 403
    assert mate.get(f"/learning/posts/{post.id}/edit").status_code == 403
    assert mate.post(f"/learning/posts/{post.id}/remove").status_code == 403


def test_a_reported_post_waits_for_the_staff(place: tuple[Run, FlaskClient, FlaskClient, FlaskClient, FlaskClient], session: Session) -> None:
    run, learner, mate, teacher, _stranger = place
    learner.post(f"/learning/runs/{run.id}/forum/new", data={"title": "广告", "body": "加我微信", "images": (io.BytesIO(PNG), "图.png")})
    post = session.scalars(select(Post)).one()
    image = f"/learning/posts/images/{session.scalars(select(PostImage.id)).one()}"
    assert mate.get(image).status_code == 200
    for _one in range(rules.HIDE_AT):
        session.add(PostReport(post_id=post.id, person_id=ground.person().id, reason="广告", reported_at=make.NOW))
    session.commit()
    assert [browser.get(image).status_code for browser in (mate, learner, teacher)] == [404, 200, 200]
    assert mate.get(f"/learning/posts/{post.id}/history").status_code == 404
    session.execute(delete(PostReport))
    session.commit()
    assert mate.post(f"/learning/posts/{post.id}/report", data={"reason": "广告"}).status_code == 303
    assert mate.get(f"/teaching/runs/{run.id}/moderation").status_code == 403
    assert "加我微信" in teacher.get(f"/teaching/runs/{run.id}/moderation").text
    assert (
        teacher.post(f"/learning/posts/{post.id}/remove", data={"reason": "广告", "back": "moderation"}).headers["Location"].endswith("/moderation")
    )
    assert mate.get(f"/learning/threads/{post.thread_id}").status_code == 404


def test_what_was_reported_in_a_thread_that_is_gone_waits_for_nobody(
    place: tuple[Run, FlaskClient, FlaskClient, FlaskClient, FlaskClient], session: Session
) -> None:
    run, learner, mate, teacher, _stranger = place
    learner.post(f"/learning/runs/{run.id}/forum/new", data={"title": "争吵", "body": "开始"})
    thread = session.scalars(select(Thread)).one()
    mate.post(f"/learning/threads/{thread.id}", data={"body": "骂人的话"})
    first, answer = session.scalars(select(Post.id).order_by(Post.id)).all()
    learner.post(f"/learning/posts/{answer}/report", data={"reason": "骂人"})
    assert "骂人的话" in teacher.get(f"/teaching/runs/{run.id}/moderation").text
    teacher.post(f"/learning/posts/{first}/remove", data={"reason": "争吵"})
    assert "骂人的话" not in teacher.get(f"/teaching/runs/{run.id}/moderation").text
    assert queries.count_open_reports(run.id) == 0


def test_nobody_begins_a_thread_in_a_discussion_that_is_closed(as_role: AsRole, session: Session) -> None:
    run = make.run(is_published=True)
    unit = make.unit(run, release_at=make.now() + timedelta(days=1))
    later, hidden = make.discussion(unit), make.discussion(make.unit(run), is_published=False)
    row = make.enrolment(run)
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=row.person_id)
    for block, status in ((later, 403), (hidden, 404)):
        address = f"/learning/runs/{run.id}/forum/new?block={block.id}"
        answers = learner.get(address), learner.post(address, data={"title": "抢先", "body": "先发言"})
        assert [answer.status_code for answer in answers] == [status, status]
    assert session.scalars(select(Thread)).all() == []
    assert not learning.states_of(row.id)


def test_threads_of_a_closed_discussion_are_not_listed(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    must = make.text(make.unit(run))
    after = Access((Condition(ConditionKind.DONE, f"block:{must.key}"),)).plain()
    later, waits = make.discussion(make.unit(run, release_at=make.now() + timedelta(days=1))), make.discussion(make.unit(run), access=after)
    gone = make.discussion(make.unit(run))
    for title, block in (("明天的题", later), ("学完再谈", waits), ("随便聊聊", None), ("区已移除", gone)):
        session.add(Thread(run_id=run.id, block_id=block.id if block else None, title=title, created_at=make.NOW, last_at=make.NOW, posts=1))
    gone.removed_at = make.NOW
    row = make.enrolment(run)
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=row.person_id)
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    address = f"/learning/runs/{run.id}/forum"

    def listed(client: FlaskClient, query: str = "") -> list[str]:
        page = client.get(address + query).text
        return [title for title in ("明天的题", "学完再谈", "随便聊聊", "区已移除") if title in page]

    assert listed(learner) == ["随便聊聊", "区已移除"]
    assert listed(learner, f"?block={later.id}") == []
    assert len(listed(teacher)) == 4
    doing.mark_done(enrolment=row, block=must, by=SYSTEM, now=make.NOW)
    session.commit()
    assert listed(learner) == ["学完再谈", "随便聊聊", "区已移除"]


def test_a_removed_discussion_does_not_open_to_those_it_was_closed_to(as_role: AsRole, session: Session) -> None:
    """Removing a part must not show what was said in it to the whole run; its writers and the staff still read it."""
    lead, inside, outsider = (ground.person(name=name) for name in ("陈老师", "林学员", "吴同学"))
    run = make.run(lead=lead, is_published=True)
    red = groups.add_group(run=run, name="红组", by=SYSTEM, now=make.NOW)
    block = make.discussion(make.unit(run), access=Access((Condition(ConditionKind.GROUP, red.key),)).plain())
    for person in (inside, outsider):
        make.enrolment(run, person)
    groups.change_members(group=red, joining=[inside.id], leaving=(), learners=[inside.id, outsider.id], by=SYSTEM, now=make.NOW)
    session.commit()
    browsers = (
        as_role(Role.TRAINEE, person_id=inside.id),
        as_role(Role.TRAINEE, person_id=outsider.id),
        as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id),
    )
    forum = f"/learning/runs/{run.id}/forum"
    where = browsers[0].post(f"{forum}/new?block={block.id}", data={"title": "只给红组", "body": "内情"}).headers["Location"]

    def seen() -> list[tuple[bool, int]]:
        return [("只给红组" in browser.get(forum).text, browser.get(where).status_code) for browser in browsers]

    assert seen() == [(True, 200), (False, 404), (True, 200)]
    content.remove(part=block, by=SYSTEM, now=make.NOW)
    session.commit()
    assert seen() == [(True, 200), (False, 404), (True, 200)]
    assert browsers[1].post(where, data={"body": "我也看到了"}).status_code == 404


def test_editing_keeps_what_was_said(place: tuple[Run, FlaskClient, FlaskClient, FlaskClient, FlaskClient], session: Session) -> None:
    run, learner, mate, _teacher, _stranger = place
    learner.post(f"/learning/runs/{run.id}/forum/new", data={"title": "题", "body": "第一稿"})
    post = session.scalars(select(Post)).one()
    assert learner.post(f"/learning/posts/{post.id}/edit", data={"body": "第二稿", "version": post.version}).status_code == 303
    page = mate.get(f"/learning/posts/{post.id}/history").text
    assert "第一稿" in page
    assert "第二稿" in page


def test_large_and_hostile_posts(place: tuple[Run, FlaskClient, FlaskClient, FlaskClient, FlaskClient], session: Session) -> None:
    run, learner, mate, _teacher, _stranger = place
    url = f"/learning/runs/{run.id}/forum/new"
    assert learner.post(url, data={"title": "大", "body": "x" * 1_000_000}).status_code in (413, 422)
    page = learner.post(url, data={"title": "大", "body": "字" * 30_000})
    assert (page.status_code, "20000" in page.text) == (422, True)
    assert learner.post(url, data={"title": "图", "body": "图", "images": (io.BytesIO(b"<svg onload=alert(1)>"), "x.svg")}).status_code == 422
    assert session.scalars(select(Thread)).all() == []
    where = learner.post(url, data={"title": "<script>alert(1)</script>", "body": "<iframe src=//x></iframe>[x](javascript:alert(1))"}).headers[
        "Location"
    ]
    page = mate.get(where)
    assert "<script>alert" not in page.text
    assert "<iframe" not in page.text
    assert 'href="javascript:' not in page.text


def test_lists_and_threads_ask_the_same_number_of_queries(
    place: tuple[Run, FlaskClient, FlaskClient, FlaskClient, FlaskClient], session: Session, count_queries: list[str]
) -> None:
    run, learner, mate, _teacher, _stranger = place
    where = learner.post(f"/learning/runs/{run.id}/forum/new", data={"title": "一", "body": "一"}).headers["Location"]

    def ask(url: str) -> int:
        session.expire_all()
        count_queries.clear()
        assert mate.get(url).status_code == 200
        return len(count_queries)

    urls = [f"/learning/runs/{run.id}/forum", where]
    for url in urls:
        ask(url)
    few = [ask(url) for url in urls]
    for number in range(15):
        learner.post(f"/learning/runs/{run.id}/forum/new", data={"title": f"题{number}", "body": "文"})
        mate.post(where, data={"body": f"答{number}"})
    assert [ask(url) for url in urls] == few


def test_what_is_sent_twice_is_posted_once(as_role: Callable[..., FlaskClient], session: Session) -> None:
    run = make.run(is_published=True)
    who = ground.person()
    make.enrolment(run, who)
    session.commit()
    client = as_role(Role.TRAINEE, person_id=who.id)

    def twice(page: str, to: str, text: str) -> None:
        found = re.search(r'name="submission_key" value="([^"]+)"', client.get(page).text)
        assert found is not None
        for _n in range(2):
            assert client.post(to, data={"title": text, "body": text, "submission_key": found[1]}).status_code == 303

    twice(f"/learning/runs/{run.id}/forum/new", f"/learning/runs/{run.id}/forum/new", "只问一次")
    thread = session.scalars(select(Thread)).one()
    twice(f"/learning/threads/{thread.id}", f"/learning/threads/{thread.id}", "只答一次")
    assert len(session.scalars(select(Post)).all()) == 2


def test_the_list_of_followed_threads_says_no_more_than_the_forum(
    place: tuple[Run, FlaskClient, FlaskClient, FlaskClient, FlaskClient], session: Session
) -> None:
    run, learner, mate, teacher, _stranger = place
    red = groups.add_group(run=run, name="红组", by=SYSTEM, now=make.NOW)
    talk = make.discussion(make.unit(run, access=Access((Condition(ConditionKind.GROUP, red.key),)).plain()))
    seats = {row.person_id: row for row in session.scalars(select(Enrolment).where(Enrolment.run_id == run.id))}
    one, two = sorted(seats)
    groups.change_members(group=red, joining=[one, two], leaving=(), learners=[one, two], by=SYSTEM, now=make.NOW)
    session.commit()
    for path, title in ((f"/learning/runs/{run.id}/forum/new", "到处可见"), (f"/learning/runs/{run.id}/forum/new?block={talk.id}", "红组的话")):
        assert learner.post(path, data={"title": title, "body": "内容"}).status_code == 303
    threads = {row.title: row for row in session.scalars(select(Thread))}
    for row in threads.values():
        for browser in (mate, teacher):
            assert browser.post(f"/learning/threads/{row.id}", data={"body": "回复"}).status_code == 303

    def listed(browser: FlaskClient) -> list[bool]:
        page = browser.get("/learning/discussions").text
        return ["到处可见" in page, "红组的话" in page, "被多人举报" in page]

    assert [listed(browser) for browser in (learner, mate, teacher)] == [[True, True, False]] * 3
    first = queries.first_post_id(threads["到处可见"].id)
    session.add_all(PostReport(post_id=first, person_id=ground.person().id, reason="广告", reported_at=make.NOW) for _n in range(rules.HIDE_AT))
    session.commit()
    assert [listed(browser) for browser in (learner, mate, teacher)] == [[True, True, False], [False, True, True], [True, True, False]]
    # a notice of that time does not say the title either
    name = session.get_one(Person, two).name
    assert learner.post(f"/learning/threads/{threads['到处可见'].id}", data={"body": f"@{name} 请看"}).status_code == 303
    (notice,) = session.scalars(select(Notice).where(Notice.kind == "courses.mentioned"))
    assert "到处可见" not in f"{notice.message}{notice.values}"
    # of another group now
    groups.change_members(group=red, joining=(), leaving=[two], learners=(), by=SYSTEM, now=make.NOW)
    session.commit()
    assert [listed(browser) for browser in (mate, teacher)] == [[False, False, True], [True, True, False]]
    # left the run
    seats[two].state = EnrolmentState.WITHDRAWN
    session.commit()
    assert [listed(browser) for browser in (mate, teacher)] == [[False, False, False], [True, True, False]]
