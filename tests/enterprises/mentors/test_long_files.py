"""A long list of mentors: what it asks the database grows with its portions, not with its rows."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enterprises.mentors import imports
from enterprises.mentors.models import Mentor
from tests.factories import enterprises as make
from tests.factories import ground
from trainhub.kernel import imports as kernel
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import transaction
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person

TODAY, NOW = date(2026, 3, 2), ground.NOW
HEAD = "name,id_number,enterprise,post,since,load_limit\n"


def _mixed(session: Session, count: int) -> str:
    """Of three enterprises: mentors by number and by mask, persons who are known, and new ones."""
    lines: list[str] = []
    for place in range(3):
        enterprise = ground.enterprise()
        for _n in range(count):
            known = make.mentor(enterprise=enterprise)
            person = session.get_one(Person, known.person_id)
            lines.append(f"{person.name},{person.id_mask},{enterprise.code},总工程师,2020-01-01,4")
            stranger = ground.resident_id(date(1980, 1, 1 + place), order=len(lines) % 1000)
            ground.person("认识", id_number=stranger)
            lines.append(f"认识,{stranger},{enterprise.code},工程师,2026-01-05,4")
    return HEAD + "\n".join(lines) + "\n"


def test_the_check_asks_as_much_of_three_rows_as_of_sixty(session: Session, tmp_path: Path, count_queries: list[str]) -> None:
    asked = []
    for count in (1, 10):
        path = tmp_path / "mentors.csv"
        path.write_text(_mixed(session, count), encoding="utf-8")
        session.flush()
        session.expire_all()
        count_queries.clear()
        draft = kernel.examine(imports.SPEC, str(path), filename="mentors.csv", by=SYSTEM, today=TODAY)
        asked.append(len(count_queries))
        assert (draft.errors, draft.rows, draft.added, draft.changed) == ([], 6 * count, 3 * count, 3 * count)
    assert asked[1] == asked[0], asked


def test_new_mentors_are_registered_with_few_statements(session: Session, tmp_path: Path, count_queries: list[str]) -> None:
    asked = []
    for count in (10, 60):
        path = tmp_path / "mentors.csv"
        enterprise = ground.enterprise()
        path.write_text(HEAD + "\n".join(_at(enterprise, count)) + "\n", encoding="utf-8")
        session.flush()
        count_queries.clear()
        draft = kernel.execute_bytes(imports.SPEC, path.read_bytes(), filename="mentors.csv", by=SYSTEM, today=TODAY, now=NOW)
        asked.append(len(count_queries))
        assert draft.added == count
        assert session.scalar(select(func.count()).where(Mentor.enterprise_id == enterprise.id)) == count
    assert (asked[1] - asked[0]) / 50 <= 5, asked


def _at(enterprise: Organisation, count: int) -> list[str]:
    return [f"新师{n},{ground.resident_id(date(1900 + count, 5, 6), order=n)},{enterprise.code},工程师,2026-01-05,4" for n in range(count)]


def _events(session: Session) -> int | None:
    session.flush()
    return session.scalar(select(func.count()).select_from(AuditEvent))


def _coordinator(enterprise: Organisation) -> Identity:
    grant = Grant(Role.ENTERPRISE_COORDINATOR, ScopeKind.ORGANISATION, enterprise.id)
    return Identity(account_id=1, person_id=None, name="x", grants=(grant,))


def test_a_coordinator_lists_mentors_of_their_own_enterprise_alone(session: Session) -> None:
    ours, other = ground.enterprise(), ground.enterprise()
    lines = (*_at(ours, 1), *_at(other, 2))
    content = (HEAD + "\n".join(lines) + "\n").encode()
    found = kernel.read(imports.SPEC, io.BytesIO(content), filename="mentors.csv")
    draft = kernel.check(imports.SPEC, found, by=_coordinator(ours), today=TODAY)
    assert [(one.row, one.column) for one in draft.errors] == [(3, "enterprise"), (4, "enterprise")]
    assert kernel.check(imports.SPEC, found, by=SYSTEM, today=TODAY).errors == []


@pytest.mark.parametrize("vouches", [False, True])
def test_who_claims_a_number_is_led_to_by_a_coordinator_and_gives_it_to_an_office(session: Session, vouches: bool) -> None:
    enterprise, number = ground.enterprise(), ground.resident_id(date(1981, 2, 3))
    claimant = ground.person("认识", id_number=number, number_by_holder=True)
    content = f"{HEAD}认识,{number},{enterprise.code},工程师,2026-01-05,4\n".encode()
    by = SYSTEM if vouches else _coordinator(enterprise)
    renamed = kernel.read(imports.SPEC, io.BytesIO(content.replace("认识".encode(), "另名".encode())), filename="mentors.csv")
    assert [one.column for one in kernel.check(imports.SPEC, renamed, by=by, today=TODAY).errors] == ([] if vouches else ["name"])
    kernel.execute_bytes(imports.SPEC, content, filename="mentors.csv", by=by, today=TODAY, now=NOW)
    mentor = session.scalars(select(Mentor).where(Mentor.enterprise_id == enterprise.id)).one()
    assert (mentor.person_id == claimant.id) == (not vouches)


def test_the_number_of_somebody_merged_leads_to_who_stayed(session: Session) -> None:
    enterprise, number = ground.enterprise(), ground.resident_id(date(1981, 2, 4))
    stays = ground.person("认识")
    ground.merge(stays, ground.person("认识", id_number=number))
    content = f"{HEAD}认识,{number},{enterprise.code},工程师,2026-01-05,4\n".encode()
    for added, unchanged in ((1, 0), (0, 1)):
        draft = kernel.execute_bytes(imports.SPEC, content, filename="mentors.csv", by=SYSTEM, today=TODAY, now=NOW)
        assert (draft.errors, draft.added, draft.unchanged) == ([], added, unchanged)
    mentor = session.scalars(select(Mentor).where(Mentor.enterprise_id == enterprise.id)).one()
    assert mentor.person_id == stays.id


def test_a_row_that_is_refused_is_named_among_its_portion(session: Session) -> None:
    """What is registered together refuses for all; begun again one by one it is the row's own."""
    lines = _at(ground.enterprise(), 5)
    lines[2] = lines[2].replace("新师2", "新\ue000师")
    content = (HEAD + "\n".join(lines) + "\n").encode()
    with pytest.raises(kernel.ImportRefused) as refused:
        kernel.execute_bytes(imports.SPEC, content, filename="mentors.csv", by=SYSTEM, today=TODAY, now=NOW)
    assert [(one["row"], one["column"]) for one in refused.value.details] == [(4, "name")]


def test_a_portion_that_is_begun_again_notes_nothing_twice(session: Session) -> None:
    enterprise = ground.enterprise()
    content = (HEAD + "\n".join(_at(enterprise, 5)) + "\n").encode()
    found = kernel.read(imports.SPEC, io.BytesIO(content), filename="mentors.csv")
    work = kernel.check(imports.SPEC, found, by=SYSTEM, today=TODAY).work
    with transaction():
        assert imports.SPEC.at_once is not None
        assert list(imports.SPEC.at_once(work, SYSTEM, TODAY, NOW)) == work
    noted = _events(session)
    assert session.scalar(select(func.count()).select_from(AuditEvent).where(AuditEvent.did == "mentors.mentor.added")) == 5
    with transaction():
        imports.SPEC.at_once(work, SYSTEM, TODAY, NOW)
        for item in work:
            imports.SPEC.apply(item, SYSTEM, TODAY, NOW)
    assert _events(session) == noted
    assert session.scalar(select(func.count()).where(Mentor.enterprise_id == enterprise.id)) == 5
