"""A certificate that lacks a fact its template requires is not issued: it waits, says what lacks, and is issued once that is there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import FACTS, REASON, TODAY, certificate, corrected, many
from trainhub.certificates import documents, operations, queries, tasks
from trainhub.certificates.models import CertificateTemplate
from trainhub.certificates.operations import batches, printing, templates
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import BatchSource, Kind, State
from trainhub.kernel import fonts
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import transaction

pytestmark = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
ONE, TWO = Identity(1, None, "甲", ()), Identity(2, None, "乙", ())


def _approved(row: CertificateTemplate, *, asks: bool) -> CertificateTemplate:
    """The draft approved; `asks`: it requires one fact more, the grade."""
    if asks:
        body = json.loads(row.body)
        body["fields"].append({"name": "grade", "label": "等第", "label_en": "grade", "type": "text", "required": True})
        body["elements"].append({"kind": "text", "text": "等第 {grade}", "box": [20, 20, 60, 10], "size": 12})
        templates.save(template=row, body=json.dumps(body), version=row.version, by=ONE)
    templates.submit(template=row, by=ONE, now=ground.NOW)
    templates.decide(template=row, is_approved=True, reason="", by=TWO, now=ground.NOW)
    return row


def _first(code: str, kind: Kind, *, asks: bool = False) -> CertificateTemplate:
    return _approved(templates.start(code=code, kind=kind, owner=None, by=ONE, now=ground.NOW), asks=asks)


def _next(before: CertificateTemplate) -> None:
    _approved(templates.next_version(template=before, by=ONE, now=ground.NOW), asks=True)


def test_a_draft_is_not_released_from_a_template_that_asks_for_more(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    person = ground.person("王某")
    person.name = "王\U00033479"
    session.flush()
    made = certificate(who=person)
    person.name = "王某"
    session.flush()
    _first("demanding", Kind.COMPLETION, asks=True)
    with pytest.raises(operations.CannotIssue, match="等第"):
        operations.release(certificate=made, by=SYSTEM, today=TODAY, now=ground.NOW, template="demanding")
    assert made.state is State.DRAFT
    operations.release(certificate=made, by=SYSTEM, today=TODAY, now=ground.NOW)
    assert (made.state, made.template) == (State.ISSUED, "completion")


def test_a_batch_is_issued_from_the_version_that_was_decided_on(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _first("versioned", Kind.TRAINING)
    persons = [ground.person().id for _ in range(2)]
    batch = batches.prepare(
        title="一期",
        kind=Kind.TRAINING,
        template="versioned",
        source=BatchSource.SELECTION,
        issuer=ground.university(),
        rows=[Wanted(key, FACTS[Kind.TRAINING]) for key in persons],
        by=ONE,
        now=ground.NOW,
    )
    batches.decide(batch=batch, is_approved=True, reason="", by=TWO, today=TODAY, now=ground.NOW)
    monkeypatch.setattr(batches, "PORTION", 1)
    assert batches.issue_portion(batch=batch, by=SYSTEM, today=TODAY, now=ground.NOW) == 1
    _next(before)
    assert batches.issue_portion(batch=batch, by=SYSTEM, today=TODAY, now=ground.NOW) == 0
    made = [queries.of_person(key)[0] for key in persons]
    assert [(one.template_version, one.state) for one in made] == [(1, State.ISSUED), (1, State.ISSUED)]


def test_a_rule_does_not_issue_from_a_default_that_came_to_ask_for_more(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    issuer, before = ground.university(), _first("defaulted", Kind.COMPLETION)
    templates.choose(issuer=issuer, kind=Kind.COMPLETION, template="defaulted", by=ONE, now=ground.NOW)
    _next(before)
    made = certificate(issuer=issuer)
    assert (made.state, made.note) == (State.DRAFT, "lacks_facts")
    session.commit()
    page = as_role(Role.SYSTEM_ADMIN).get("/certificates/waiting").text
    assert "缺少必填的内容" in page
    assert "缺少等第" in page
    assert "仍不能印" in page
    operations.release(certificate=made, by=SYSTEM, today=TODAY, now=ground.NOW, template="completion")
    assert (made.state, made.note) == (State.ISSUED, "")


def test_a_placement_without_a_mentor_waits(session: Session) -> None:
    made = certificate(Kind.PLACEMENT, facts={"mentor": ""})
    assert (made.state, made.note) == (State.DRAFT, "lacks_facts")
    with pytest.raises(operations.CannotIssue, match="企业指导教师"):
        operations.release(certificate=made, by=SYSTEM, today=TODAY, now=ground.NOW)


def test_what_was_issued_without_a_required_fact_gets_no_page_and_no_file(session: Session) -> None:
    """Those of before were issued so: a signed page with 〔缺：企业指导教师〕 on it is handed to nobody."""
    session.expire_on_commit = False
    with transaction():
        issuer = ground.university()
        full = certificate(Kind.PLACEMENT, issuer=issuer)
        without = {name: value for name, value in full.facts.items() if name != "mentor"}
        (key,) = many(1, issuer=issuer, kind=Kind.PLACEMENT, template="placement", facts=lambda _index: without, only=True)
        wanted = queries.CertificateFilter(kind=Kind.PLACEMENT, issuer_id=issuer.id)
        run = printing.start_run(title="春季", wanted=wanted, by=SYSTEM, now=ground.NOW)
    shutil.rmtree(printing.folder_of(tasks.root(), run), ignore_errors=True)
    made = queries.by_id(key)
    assert made is not None
    for draw in (documents.pdf_of, documents.picture_of):
        with pytest.raises(documents.NotDrawable, match="企业指导教师"):
            draw(made, tasks.maker())
        assert draw(full, tasks.maker())
    with pytest.raises(printing.CannotPrint, match=rf"{made.number}.*企业指导教师"):
        tasks.draw_run(run.id, SYSTEM, lambda _done, _total, _said: None)
    with transaction():
        corrected(made, facts={"mentor": "陈师傅"})
    tasks.draw_run(run.id, SYSTEM, lambda _done, _total, _said: None)
    assert queries.unfinished(run.id) == []


def test_a_correction_of_one_that_lacks_a_fact_does_not_lose_another(session: Session) -> None:
    issuer = ground.university()
    full = certificate(Kind.PLACEMENT, issuer=issuer)
    without = {name: value for name, value in full.facts.items() if name != "mentor"}
    (key,) = many(1, issuer=issuer, kind=Kind.PLACEMENT, template="placement", facts=lambda _index: without, only=True)
    made = queries.by_id(key)
    assert made is not None
    with pytest.raises(operations.CannotChange, match="基地"):
        operations.prepare_correction(certificate=made, facts={"base": ""}, **REASON)
    assert operations.correct(certificate=made, facts={"weeks": 33}, **REASON).facts["weeks"] == "33", (
        "a wrong number does not wait for the mentor's name"
    )
