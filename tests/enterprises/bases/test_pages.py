"""The page of a base: its papers are looked at where they stand."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta

import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.bases import history, labels, operations, queries, tasks
from enterprises.bases.types import AgreementTopic
from tests.factories import enterprises as make
from tests.factories import ground
from trainhub.kernel import files
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.organisations.models import Organisation


def test_the_text_of_an_agreement_is_previewed_for_those_inside_only(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    base = ground.base()
    make.opened_base(base=base)
    text = files.keep(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), name="合作协议.pdf", kind="agreement", by=SYSTEM, now=make.NOW)
    days = {"signed_on": date(2026, 1, 1), "since": date(2026, 1, 1), "until": date(2028, 1, 1)}
    row = operations.sign_agreement(base=base, title="合作教育协议", topics=tuple(AgreementTopic), by=SYSTEM, now=make.NOW, file_id=text.id, **days)
    at, look = f"/bases/{base.code}", f'<iframe class="file-preview" src="/bases/agreements/{row.id}/file" title="合作协议.pdf"'
    session.commit()
    admin = as_role(Role.SYSTEM_ADMIN)
    assert look in admin.get(at).get_data(as_text=True)
    assert admin.get(f"/bases/agreements/{row.id}/file").headers["Content-Disposition"].startswith("inline")
    outside = as_role(Role.STUDENT)
    assert "file-preview" not in outside.get(at).get_data(as_text=True)
    assert outside.get(f"/bases/agreements/{row.id}/file").status_code == 403


def test_the_topics_that_an_agreement_lacks_are_named(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    base = ground.base()
    make.opened_base(base=base, has_agreement=False)
    days = {"signed_on": date(2026, 1, 1), "since": date(2026, 1, 1), "until": date(2028, 1, 1)}
    operations.sign_agreement(base=base, title="协议", topics=[AgreementTopic.DUTIES, AgreementTopic.TERM], by=SYSTEM, now=make.NOW, **days)
    session.commit()
    page = as_role(Role.SYSTEM_ADMIN).get(f"/bases/{base.code}").text
    lacking = [str(labels.TOPICS[topic]) for topic in (AgreementTopic.OPERATION, AgreementTopic.TRAINING_MODEL)]
    assert all(word in page for word in ("2 / 4", *lacking))


def test_schools_are_reminded_of_the_enterprise_that_they_send_students_to(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """A unit without a base: the agreement and the inspection that run out are told to its coordinator and to the school that answers."""
    with time_machine.travel(make.NOW, tick=False):
        university, enterprise, other = ground.university(), ground.enterprise(), ground.university()
        term = make.term(university=university)
        make.position(enterprise=enterprise, terms=[term])
        make.seen(enterprise, on=make.TODAY, until=make.TODAY + timedelta(days=20))
        session.commit()
        readers = [
            as_role(Role.UNIVERSITY_ADMIN, organisation_id=university.id),
            as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise.id),
            as_role(Role.UNIVERSITY_ADMIN, organisation_id=other.id),
        ]
        for _n in range(2):
            tasks.remind(None)  # type: ignore[arg-type]
        told = [browser.get("/notifications").text.count("合作教育文本将于") for browser in readers]
    assert told == [1, 1, 0]


def test_a_base_is_judged_by_what_it_takes_in_this_term(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """The capacity that stands for the span of today, not that of the profile."""
    with time_machine.travel(make.NOW, tick=False):
        base = ground.base()
        make.opened_base(base=base, capacity_per_term=37, school_invested_fen=120_000_000)
        span = {"since": make.TODAY, "until": make.TODAY + timedelta(days=90)}
        operations.set_period(base=base, title="本学期", capacity=53, by=SYSTEM, now=make.NOW, **span)
        session.commit()
        page = as_role(Role.SYSTEM_ADMIN).get(f"/bases/{base.code}").text
    assert "要求 53" in page
    assert "1,200,000 元" in page


def test_a_changed_figure_is_told_as_people_write_it() -> None:
    data = {"is_on_campus": [False, True], "enterprise_invested_fen": [None, 380_000_000], "latitude_e5": [2_607_421, 2_600_000], "workers": [100, 0]}
    told = history.changed(AuditEvent(did="bases.base.changed", data=data))
    assert told == "设在校内 否 → 是、企业投入（元） — → 3800000、纬度（度） 26.07421 → 26、从业人员（人） 100 → 0"


def test_who_runs_a_base_does_not_inspect_it_and_the_schools_that_send_students_do(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """The account of the base recorded its own inspection, the schools got 403: the gate before every placement was opened by who stands behind it."""
    firm, programme, other = ground.enterprise(), ground.programme(), ground.programme()
    base, university = ground.base(firm), session.get_one(Organisation, programme.university_id)
    make.opened_base(base=base)
    make.position(enterprise=firm, base=base, terms=[make.term(university=university)])
    code, key, sent = (
        base.code,
        base.id,
        {"kind": "safety", "on": "2026-02-01", "inspectors": "教务处", "conclusion": "conditional", "text": "见记录"},
    )

    def as_(role: Role, **scope: int) -> FlaskClient:
        session.commit()  # requests share the session of the test: a refusal rolls back its own request only
        return as_role(role, **scope)

    own = {"leader": as_(Role.CENTRE_LEADER, organisation_id=key), "firm": as_(Role.ENTERPRISE_COORDINATOR, organisation_id=firm.id)}
    away = as_(Role.PROGRAMME_ADMIN, programme_id=other.id)
    for client in (*own.values(), away):
        assert client.post(f"/bases/{code}/inspections", data=sent).status_code == 403
        assert f"/bases/{code}/inspections" not in client.get(f"/bases/{code}").text
    before = len(queries.inspections_of(key))
    head = as_(Role.PROGRAMME_ADMIN, programme_id=programme.id)
    school = as_(Role.UNIVERSITY_ADMIN, organisation_id=university.id)
    for n, client in enumerate((head, school), 1):
        assert f"/bases/{code}/inspections" in client.get(f"/bases/{code}").text
        assert client.post(f"/bases/{code}/inspections", data=sent | {"findings": f"通道堵塞{n}", "inspectors": f"第{n}组"}).status_code == 303
        assert f"通道堵塞{n}" in client.get(f"/bases/{code}").text
    assert len(queries.inspections_of(key)) == before + 2
    assert "通道堵塞1" not in away.get(f"/bases/{code}").text
    row = next(iter(queries.findings_of(key).values()))[0]
    assert head.post(f"/bases/findings/{row.id}/measure", data={"measure": "已清理"}).status_code == 403
    assert own["leader"].post(f"/bases/findings/{row.id}/close", data={"measure": "已清理通道"}).status_code == 403
    assert own["leader"].post(f"/bases/findings/{row.id}/measure", data={"measure": "已清理通道"}).status_code == 303
    assert "已清理通道" in head.get(f"/bases/{code}").text
    assert head.post(f"/bases/findings/{row.id}/close", data={"measure": "已清理通道，现场核实"}).status_code == 303
    assert "已整改" in head.get(f"/bases/{code}").text


def test_a_type_that_was_entered_by_mistake_is_taken_off_on_the_page(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    base = ground.base()
    make.opened_base(base=base)  # of a type already
    session.commit()
    client = as_role(Role.CENTRE_LEADER, organisation_id=base.id)
    at = f"/bases/{base.code}/types/epec/remove"
    assert at in client.get(f"/bases/{base.code}").text
    assert client.post(at).status_code == 303
    assert at not in client.get(f"/bases/{base.code}").text
    assert client.post(at).status_code == 303, "twice is once"
    assert client.post(f"/bases/{base.code}/types/nothing/remove").status_code == 404
