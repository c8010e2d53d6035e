"""Notes: written beside a unit, with a place in the video, exported; nobody else reads them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.learning.models import Note
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import Role

AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def test_a_note_is_written_changed_exported_and_thrown_away(as_role: AsRole, session: Session) -> None:
    run = make.run()
    unit = make.unit(run, title="1.1 打光")
    video = make.video(unit)
    run, who, other = make.publish(run), ground.person(), ground.person()
    make.enrolment(run, who)
    make.enrolment(run, other)
    session.commit()
    mine, theirs = as_role(Role.TRAINEE, person_id=who.id), as_role(Role.TRAINEE, person_id=other.id)
    url = f"/learning/runs/{run.id}/units/{unit.id}"
    answer = mine.post(f"{url}/notes", data={"body": "低角度光<script>alert(1)</script>", "block": video.id, "at": "1:05"})
    assert answer.status_code == 303
    note = session.scalars(select(Note)).one()
    assert (note.at_seconds, note.block_id) == (65, video.id)
    page = mine.get(url).text
    assert 'data-seek="65"' in page
    assert "<script>alert" not in page
    assert "低角度光" not in theirs.get(url).text
    assert "低角度光" not in theirs.get(f"/learning/runs/{run.id}/notes").text
    text = mine.get(f"/learning/runs/{run.id}/notes.md").text
    assert text.startswith(f"# {run.course.title}\n\n## 1.1 打光\n\n[1:05] 低角度光")
    assert theirs.post(f"/learning/runs/{run.id}/notes/{note.id}", data={"body": "改"}).status_code == 404
    assert theirs.post(f"/learning/runs/{run.id}/notes/{note.id}", data={"delete": "1"}).status_code == 303
    assert mine.post(f"/learning/runs/{run.id}/notes/{note.id}", data={"body": "改过"}).status_code == 303
    assert "改过" in mine.get(f"/learning/runs/{run.id}/notes").text
    assert mine.post(f"{url}/notes", data={"body": " "}).status_code == 422
    assert mine.post(f"{url}/notes", data={"body": "字" * 5001}).status_code == 422
    assert mine.post(f"/learning/runs/{run.id}/notes/{note.id}", data={"delete": "1"}).status_code == 303
    assert session.scalars(select(Note)).all() == []


def test_a_note_goes_to_any_video_of_its_unit(as_role: AsRole, session: Session) -> None:
    """With several videos the writer says which; the link of a note moves that video alone."""
    run = make.run()
    unit = make.unit(run)
    first, second = make.video(unit, title="讲解"), make.video(unit)
    row = make.enrolment(make.publish(run))
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=row.person_id)
    url = f"/learning/runs/{run.id}/units/{unit.id}"
    page = learner.get(url).text
    for option in (f'<option value="{first.id}">讲解</option>', f'<option value="{second.id}">视频 2</option>'):
        assert option in page
    assert learner.post(f"{url}/notes", data={"body": "看第二个", "block": second.id, "at": "0:42"}).status_code == 303
    note = session.scalars(select(Note)).one()
    assert (note.block_id, note.at_seconds) == (second.id, 42)
    page = learner.get(url).text
    assert f'data-of="block-{second.id}">0:42</a> <small class="faint">视频 2</small>' in page
    link = f"{url}?t=42&amp;v={second.id}#block-{second.id}"
    assert link in learner.get(f"/learning/runs/{run.id}/notes").text
    assert learner.get(link.replace("&amp;", "&")).text.count('data-resume="42"') == 1
