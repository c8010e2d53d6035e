"""An assistant follows every link that the pages of a run show: each leads to a page that is open, and what the role is for is done there."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient
from lxml import html
from sqlalchemy.orm import Session

from courses.assessment.operations import attempts
from courses.assignments.operations import setup
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.catalogue.operations import content, offerings
from courses.catalogue.types import BlockKind, StaffRole
from courses.discussion.operations import writing
from courses.discussion.types import Author
from courses.gradebook.operations import books
from courses.messages import operations as talks
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM

AsRole = Callable[..., FlaskClient]
SKIPPED = re.compile(r"^/(logout|static|policy|help|account|privacy|verify)|[?&](lang|sort|size|per|month)=|^mailto:|^https?:|^#")
MOST = 250


def full_run() -> tuple[Run, int]:
    """A run with everything an assistant looks after, and the person who assists in it. Its dates lie in the month that the calendar shows."""
    now, today = clock.now(), clock.today()
    assistant, lead = ground.person(), ground.person()
    run = make.run(lead=lead, starts_on=today, ends_on=today + timedelta(days=1))
    unit = make.unit(run, due_at=now + timedelta(hours=1))
    make.text(unit)
    make.video(unit)
    forum = make.discussion(unit)
    quiz = make.quiz(unit, make.essay(run), make.single(run), of=run, closes_at=(now + timedelta(hours=2)).isoformat())
    work = content.add_block(unit=unit, kind=BlockKind.ASSIGNMENT, title="作业", is_graded=True, by=SYSTEM, now=now)
    content.add_block(unit=unit, kind=BlockKind.POLL, title="投票", settings={"options": ["甲", "乙"]}, by=SYSTEM, now=now)
    content.add_block(unit=unit, kind=BlockKind.VSIM, title="实验", settings={"url": "https://lab.example/"}, by=SYSTEM, now=now)
    row = setup.save(block=work, version=None, by=SYSTEM, now=now, due_at=now + timedelta(hours=3), max_x10=1000, takes_text=True)
    make.publish(run)
    offerings.set_staff(run=make.loaded(run), person_id=assistant.id, role=StaffRole.ASSISTANT, by=SYSTEM, now=now)
    me = make.enrolment(make.loaded(run), now=now)
    sitting = attempts.start(block=quiz, person_id=me.person_id, by=SYSTEM, now=now)
    attempts.submit(attempt_id=sitting.id, by=SYSTEM, now=now)
    books.make(run=make.loaded(run), by=SYSTEM, now=now)
    talks.write(run=make.loaded(run), person_id=me.person_id, subject="问", body="何时交", sender_id=me.person_id, is_staff=False, by=SYSTEM, now=now)
    writing.start(run=make.loaded(run), author=Author(me.person_id, False), title="问", body="怎么做", block=forum, enrolment=me, by=SYSTEM, now=now)
    assert row is not None
    return run, assistant.id


def links(page: str) -> list[str]:
    document = html.fromstring(page)
    found = [str(one) for one in document.xpath("//a/@href")]
    return [one.partition("#")[0] for one in found if not SKIPPED.search(one) and one.partition("#")[0]]


def posts(page: str, address: str) -> list[str]:
    """Where the forms of a page go that change something."""
    return [str(one.get("action") or address) for one in html.fromstring(page).xpath("//form[translate(@method, 'POST', 'post')='post']")]


def walk(browser: FlaskClient, starts: list[str]) -> tuple[set[str], dict[str, str], list[str]]:
    """Follow every link; what was opened, where forms go and from which page, and what was refused."""
    waiting, known, wrong, forms = deque((one, "start") for one in starts), set(starts), [], {}
    opened: set[str] = set()
    while waiting and len(opened) < MOST:
        address, came_from = waiting.popleft()
        answer = browser.get(address, follow_redirects=True)
        opened.add(address)
        if answer.status_code >= 400:
            wrong.append(f"{answer.status_code} {address} (from {came_from})")
        elif answer.mimetype == "text/html":
            for target in posts(answer.text, address):
                forms.setdefault(target, address)
            for link in links(answer.text):
                whole = link if link.startswith("/") else address.partition("?")[0] + link
                if whole not in known:
                    known.add(whole)
                    waiting.append((whole, address))
    return opened, forms, wrong


def test_every_door_shown_to_an_assistant_is_open(as_role: AsRole, session: Session) -> None:
    run, person_id = full_run()
    empty = make.run(lead=ground.person(), is_published=True)
    offerings.set_staff(run=make.loaded(empty), person_id=person_id, role=StaffRole.ASSISTANT, by=SYSTEM, now=make.NOW)
    (quiz,) = [block for block in catalogue.blocks_of_run(run.id) if block.kind is BlockKind.QUIZ]
    starts = ["/", "/teaching", "/learning/calendar", f"/teaching/runs/{run.id}", f"/teaching/runs/{empty.id}/assignments"]
    session.commit()
    browser = as_role(person_id=person_id)
    session.commit()
    opened, forms, wrong = walk(browser, starts)
    assert not wrong, "\n".join(wrong)
    # What learners see, what they answered and how the questions did is there to be looked at.
    for page in (f"/teaching/runs/{run.id}/preview", f"/teaching/blocks/{quiz.id}/attempts", f"/teaching/blocks/{quiz.id}/statistics"):
        assert page in opened
    for target, page in forms.items():
        if not target.startswith("/teaching") and not target.startswith("/learning"):
            continue
        answer = browser.post(target)
        session.rollback()
        assert answer.status_code != 403, (target, page)


def test_an_assistant_looks_and_does_not_write(as_role: AsRole, session: Session) -> None:
    run, person_id = full_run()
    unit = catalogue.outline(run.id).units[0]
    text = next(block for block in catalogue.blocks_of_run(run.id) if block.kind is BlockKind.TEXT)
    content.update_block(block=text, version=None, body="尚未公布的修改", by=SYSTEM, now=make.NOW)
    session.commit()
    browser = as_role(person_id=person_id)
    session.commit()
    page = browser.get(f"/teaching/runs/{run.id}/preview/{unit.id}?drafts=1")
    assert page.status_code == 200
    assert "尚未公布的修改" not in page.text  # what waits to be published is the authors'
    assert browser.get(f"/teaching/runs/{run.id}").location.endswith(f"/teaching/runs/{run.id}/learners")
    for path in (f"blocks/{text.id}", f"runs/{run.id}/settings", f"courses/{run.course.code}/bank"):
        assert browser.get(f"/teaching/{path}").status_code in (403, 404), path


def test_an_assistant_reads_no_title_of_a_quiz_that_waits(session: Session, as_role: AsRole) -> None:
    """Who edits the run prepares it there; what is not published yet is nothing to grade."""
    run, assistant = full_run()
    lead_id = next(one.person_id for one in make.loaded(run).staff if one.role is StaffRole.LEAD)
    unit = make.unit(make.loaded(run))
    draft = make.quiz(unit, make.single(make.loaded(run)), of=make.loaded(run))
    unit.is_published = False
    draft.title, address = "期末考试（草稿）", f"/teaching/runs/{run.id}/grading"
    session.commit()
    for person_id, is_seen in ((assistant, False), (lead_id, True)):
        page = as_role(person_id=person_id).get(address)
        assert (page.status_code, "草稿" in page.text) == (200, is_seen), person_id
