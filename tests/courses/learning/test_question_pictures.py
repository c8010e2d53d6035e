"""Pictures of quiz questions are for whoever was asked them; pictures of a waiting draft for nobody who learns."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from courses.assessment.operations import attempts, bank
from courses.assessment.types import QuestionKind
from courses.catalogue.models import Run, RunAsset
from courses.catalogue.operations import versions
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel import files
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session as current

AsRole = Callable[..., FlaskClient]
NOW = make.NOW
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + b"\x00" * 60


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def add_picture(run: Run, name: str) -> None:
    """A file of a run."""
    kept = files.keep(io.BytesIO(PNG), name=name, kind="asset", by=SYSTEM, now=NOW, allowed={"image/png"}, max_bytes=1 << 20)
    current().add(RunAsset(run_id=run.id, name=name, file_id=kept.id))
    current().flush()


@pytest.mark.parametrize("where", ["stem", "option", "explanation"])
@pytest.mark.parametrize("name", ["fig_1.png", "图1.png"])
@pytest.mark.parametrize("is_drawn", [False, True])
def test_a_picture_of_a_question_is_for_whoever_was_asked(as_role: AsRole, session: Session, where: str, name: str, is_drawn: bool) -> None:
    run = make.run()
    add_picture(run, name)
    picture = f"![图](/static/{name})"
    options = [{"body": f"1 {picture if where == 'option' else ''}", "is_correct": True}, {"body": "2"}]
    question = bank.save_question(
        course_id=run.course_id, kind=QuestionKind.SINGLE, stem=f"题 {picture if where == 'stem' else ''}", data={"options": options},
        explanation=picture if where == "explanation" else "", category="图", by=SYSTEM, now=NOW,
    )  # fmt: skip
    unit = make.unit(run)
    quiz = make.quiz(unit, *([] if is_drawn else [question]), of=run)
    if is_drawn:
        bank.add_draw(run=run, block=quiz, count=1, points_x10=10, category="图", by=SYSTEM, now=NOW)
    make.publish(run)
    who, other = ground.person(), ground.person()
    for one in (who, other):
        make.enrolment(make.loaded(run), one)
    session.commit()
    learner, mate = as_role(Role.TRAINEE, person_id=who.id), as_role(Role.TRAINEE, person_id=other.id)
    address = f"/learning/runs/{run.id}/assets/{name}"
    assert learner.get(address).status_code == 403
    attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)
    session.commit()
    assert learner.get(address).status_code == 200
    assert mate.get(address).status_code == 403
    make.text(unit, body=f"也在正文里 {picture}")
    session.commit()
    assert mate.get(address).status_code == 200  # an open text names it too


def test_a_picture_of_a_waiting_draft_is_for_nobody_who_learns(as_role: AsRole, session: Session) -> None:
    lead, who = ground.person(), ground.person()
    run = make.run(lead=lead)
    for name in ("new.png", "free.png"):
        add_picture(run, name)
    block = make.text(make.unit(run))
    make.publish(run)
    make.enrolment(make.loaded(run), who)
    versions.save(part=block, version=None, by=SYSTEM, now=NOW, body="![图](/static/new.png)")
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=who.id)
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    address = f"/learning/runs/{run.id}/assets/new.png"
    assert [client.get(address).status_code for client in (learner, teacher)] == [403, 200]
    assert learner.get(f"/learning/runs/{run.id}/assets/free.png").status_code == 200
    versions.publish_drafts(parts=[block], note="", by=SYSTEM, now=NOW)
    session.commit()
    assert learner.get(address).status_code == 200
