"""A row that was changed in the database, past the operations: nothing of it is signed, drawn or printed, and the page says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import REASON, certificate, corrected, many
from trainhub.certificates import documents, operations, queries, tasks
from trainhub.certificates.models import Certificate, PrintRun
from trainhub.certificates.operations import printing
from trainhub.certificates.types import Kind
from trainhub.kernel import fonts
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction

AsRole = Callable[..., FlaskClient]
with_fonts = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _change(certificate_id: int, **columns: Any) -> None:
    """What somebody with the password of the database does."""
    from trainhub.kernel.db import session

    with transaction():
        session().execute(sa.update(Certificate).where(Certificate.id == certificate_id).values(columns))


FILES = ("pdf", "badge.json", "preview.png")


@with_fonts
def test_the_holder_gets_no_file_of_a_changed_row(session: Session, as_role: AsRole) -> None:
    with transaction():
        who = ground.person("欧阳娜娜")
        made = certificate(who=who)
    holder, where = as_role(Role.STUDENT, person_id=who.id), f"/certificates/{made.number}"
    assert [holder.get(f"{where}/{file}").status_code for file in FILES] == [200] * len(FILES)
    assert all(f"{where}/{file}" in holder.get(where).text for file in FILES)
    _change(made.id, facts={**made.facts, "hours": "999"})
    for file in FILES:
        answer = holder.get(f"{where}/{file}")
        assert answer.status_code == 422, file
        assert "与签发时的记录不一致" in answer.text
    page = holder.get(where).text
    assert "记录与签发时不一致" in page
    assert [file for file in FILES if f"{where}/{file}" in page] == [], "what is refused is not offered"


@with_fonts
def test_a_changed_revocation_gives_no_credential(session: Session) -> None:
    with transaction():
        made = certificate()
        operations.revoke(certificate=made, **REASON)
    assert documents.badge_file_of(made, tasks.maker())["credentialSubject"]["licenseNumber"] == made.number
    _change(made.id, holder="李四")
    session.refresh(made)
    with pytest.raises(documents.NotDrawable, match="不一致"):
        documents.badge_file_of(made, tasks.maker())


def _run(ids: list[int]) -> PrintRun:
    found = queries.by_id(ids[0])
    assert found is not None
    with transaction():
        wanted = queries.CertificateFilter(kind=found.kind, issuer_id=found.issuer_id)
        run = printing.start_run(title="春季培训", wanted=wanted, by=SYSTEM, now=ground.NOW)
    shutil.rmtree(printing.folder_of(tasks.root(), run), ignore_errors=True)
    return run


def _draw(run: PrintRun) -> None:
    tasks.draw_run(run.id, SYSTEM, lambda _done, _total, _said: None)


@with_fonts
def test_a_run_prints_no_changed_row(session: Session, count_queries: list[str]) -> None:
    with transaction():
        issuer = ground.university()
        ids = many(5, issuer=issuer)
        early = certificate(Kind.TRAINING, issuer=issuer)
        late = corrected(early, facts={"hours": 40})
        again = operations.reissue(certificate=late, **REASON)
    run, second = _run(ids), _run(ids)
    count_queries.clear()
    _draw(run)
    asked = len(count_queries)
    assert len([item for item, _one, _serial in queries.items_of(run.id, 1, run.count) if item.page]) == 7
    held = {one.id: one.facts for one in (queries.by_id(ids[3]), queries.by_id(early.id)) if one is not None}
    for key in (ids[3], early.id):
        _change(key, facts={**held[key], "hours": "999"})
        named = queries.by_id(key if key != early.id else again.id)
        assert named is not None
        with pytest.raises(printing.CannotPrint, match=rf"{named.number}.*不一致"):
            _draw(second)
        assert queries.unfinished(second.id) == [1]
        _change(key, facts=held[key])
    with transaction():
        many(30, issuer=issuer)
    third = _run(ids)
    count_queries.clear()
    _draw(third)
    assert len(count_queries) <= asked, "as often for many as for few"
    _draw(second)
    assert queries.unfinished(second.id) == []


@with_fonts
def test_a_lost_file_of_a_changed_row_is_not_drawn_again(session: Session) -> None:
    with transaction():
        ids = many(2, issuer=ground.university())
    run = _run(ids)
    _draw(run)
    shutil.rmtree(printing.folder_of(tasks.root(), run))
    named = queries.by_id(ids[0])
    assert named is not None
    _change(ids[0], holder="李四")
    session.expire_all()
    with pytest.raises(printing.CannotPrint, match=rf"{named.number}.*不一致"):
        printing.content(tasks.root(), run, queries.chunks_of(run.id)[0], tasks.maker())
