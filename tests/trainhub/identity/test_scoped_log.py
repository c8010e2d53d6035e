"""The audit log as the auditor of one organisation reads it."""

from __future__ import annotations

from typing import Any

from flask import Flask

from tests.factories import ground
from tests.factories import identity as make
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import db, transaction
from trainhub.organisations.types import OrganisationKind


def test_the_auditor_of_an_organisation_reads_what_its_own_accounts_did(app: Flask) -> None:
    """Not what somebody did who acts for others, too (the log cannot tell for whom), and not what the province's people did."""
    with app.app_context(), transaction():
        school, other = ground.university(), ground.university()
        programme = ground.programme(school)
        department = ground.organisation(OrganisationKind.DEPARTMENT, parent_id=school.id)
        own, shared = ground.base(school, other), ground.base(other, school)
        key = school.id
        granted: dict[str, list[dict[str, Any]]] = {
            "of-the-school": [{"organisation_id": school.id}],
            "of-a-programme": [{"programme_id": programme.id}],
            "of-a-department": [{"organisation_id": department.id}],
            "leads-its-base": [{"organisation_id": school.id}, {"organisation_id": own.id}],
            "works-at-a-base-of-another": [{"organisation_id": school.id}, {"organisation_id": shared.id}],
            "of-two-schools": [{"organisation_id": school.id}, {"organisation_id": other.id}],
            "of-another": [{"organisation_id": other.id}],
            "of-the-province": [{}],
        }
        for name, scopes in granted.items():
            account = make.account(username=name)
            for scope in scopes:
                make.grant(account, Role.AUDITOR if not scope else Role.LECTURER, **scope)
            db.session.flush()
            who = Identity(account_id=account.id, person_id=account.person_id, name=name, grants=(), origin="o")
            audit.record(by=who, did="identity.account.created", on=("account", account.id))
            audit.record(by=who, did="capstones.review.signed", on=("capstone", 1))
            audit.record(by=who, did="capstones.reviewed", on=("capstone", 1))
    inside = ["of-the-school", "of-a-programme", "of-a-department", "leads-its-base"]
    auditor = make.signed_in_client(app, Role.AUDITOR, organisation_id=key)
    rows = auditor.get("/audit.csv?did=identity.account.created").text
    assert [name for name in granted if name in rows] == inside
    page = auditor.get("/audit?did=identity.account.created").text
    assert [name for name in granted if name in page] == inside
    assert "本机构的账号" in page
    for did, is_shown in (("capstones.review", True), ("capstones.review.", False), ("capstones.review.signed", False)):
        assert ("of-the-school" in auditor.get(f"/audit.csv?did={did}").text) == is_shown, "who reads theses of other schools needs no role there"
    assert "capstones.review.signed" in make.signed_in_client(app, Role.AUDITOR).get("/audit.csv?did=capstones.review.").text
    nobody, elsewhere = (auditor.get(f"/audit?who={name}").status_code for name in ("no-such-name", "of-another"))
    assert (nobody, elsewhere) == (200, 200), "whether others know a name is not told"
    assert "/audit" in auditor.get("/").text
    assert make.signed_in_client(app, Role.INSPECTOR, region_code="350100").get("/audit").status_code == 403
