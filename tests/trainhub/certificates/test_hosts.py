"""The office of a host answers for the certificates of its base: what it may start or decide stands in its lists, too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import FACTS, REASON, WRITER, certificate
from trainhub.certificates import operations, queries
from trainhub.certificates.models import IssueBatch
from trainhub.certificates.types import Kind
from trainhub.kernel import fonts
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session as current
from trainhub.kernel.db import transaction
from trainhub.kernel.roles import Grant, ScopeKind
from trainhub.organisations.models import BaseHost

AsRole = Callable[..., FlaskClient]
pytestmark = [pytest.mark.database, pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")]


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def test_a_host_finds_the_runs_and_lists_of_its_base(session: Session, as_role: AsRole) -> None:
    with transaction():
        school, other = ground.university(), ground.university()
        base = ground.base(school, name="榕城智造基地")
        made = certificate(Kind.TRAINING, issuer=base, today=date(2026, 3, 2))
        operations.prepare_correction(certificate=made, facts={**FACTS[Kind.TRAINING], "hours": 40}, **{**REASON, "by": WRITER})
    host, stranger = (as_role(Role.UNIVERSITY_ADMIN, organisation_id=one.id) for one in (school, other))
    form = {"title": "春季班", "kind": "training", "issuer_id": str(base.id), "chunk_pages": "500", "mode": "full", "submission_key": "a"}
    assert host.post("/certificates/runs/new", data=form).status_code == 303
    assert [["春季班" in one.get("/certificates/runs").text, _corrections(one)] for one in (host, stranger)] == [[True, True], [False, False]]
    reader = _identity(school.id)
    assert (queries.count_undecided(reader), [key for key, _name in queries.issuing_choices(reader) if key == base.id]) == (1, [base.id])
    with transaction():
        session.execute(update(BaseHost).where(BaseHost.base_id == base.id).values(until=date(2026, 1, 31)))
    assert queries.count_undecided(reader) == 0, "who hosted it once answers for it no more"


def _corrections(client: FlaskClient) -> bool:
    """Whether the one correction that waits stands in the list."""
    title = current().scalar(select(IssueBatch.title))
    return str(title) in client.get("/certificates/batches").text


def _identity(organisation_id: int) -> Identity:
    grant = Grant(Role.UNIVERSITY_ADMIN, ScopeKind.ORGANISATION, organisation_id)
    return Identity(account_id=93, person_id=None, name="校方", grants=(grant,))
