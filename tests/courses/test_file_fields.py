"""Fields for files on the pages of courses: what is taken and how large is said beside them, and so is what was wrong with a file."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import courses as make
from tests.factories import ground
from tests.factories import work as made
from trainhub.kernel.access import Role

AsRole = Callable[..., FlaskClient]
TEMPLATES = Path(__file__).parents[2] / "templates" / "courses"


@pytest.fixture
def lecturer(as_role: AsRole, session: Session) -> tuple[FlaskClient, dict[str, str]]:
    session.expire_on_commit = False
    lead = ground.person()
    run = make.run(lead=lead)
    task = made.assignment(run)
    client = as_role(Role.LECTURER, person_id=lead.id, organisation_id=run.course.owner_id)
    session.commit()
    addresses = {
        "files": f"/teaching/runs/{run.id}/files",
        "invitations": f"/teaching/runs/{run.id}/invitations",
        "submissions": f"/teaching/assignments/{task.block_id}",
    }
    return client, addresses


@pytest.mark.parametrize(
    ("page", "post", "name", "shown"),
    [
        ("files", "files", "upload", ".pdf"),
        ("invitations", "invitations/list", "file", ".csv, .xlsx"),
        ("submissions", "submissions/marks", "file", ".csv, .xlsx"),
    ],
)
def test_a_field_says_what_it_takes_and_what_was_wrong(
    lecturer: tuple[FlaskClient, dict[str, str]], page: str, post: str, name: str, shown: str
) -> None:
    client, addresses = lecturer
    field = re.search(rf'<div class="dropzone".*?name="{name}".*?</div>', client.get(addresses[page]).text, re.S)
    assert field is not None
    assert shown in field.group()
    assert "200 MB" in field.group()
    address = addresses[page] + post.removeprefix(page)
    refused = client.post(address, data={name: (io.BytesIO(b""), "")}, content_type="multipart/form-data")
    assert refused.status_code == 422
    assert re.search(rf'name="{name}"[^>]*aria-invalid="true"', refused.text)
    assert '-error"><p class="error">' in refused.text


@pytest.mark.parametrize("name", ["catalogue/files", "learning/invitations", "assignments/submissions", "assignments/grade", "assignments/learner"])
def test_no_page_makes_a_field_of_its_own(name: str) -> None:
    assert 'type="file"' not in (TEMPLATES / f"{name}.html").read_text(encoding="utf-8")
