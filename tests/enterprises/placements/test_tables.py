"""T1 and T4 as files: small ones at once, large ones by a job that only its owner fetches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.bases import operations as base_operations
from enterprises.bases import queries as bases
from enterprises.bases.types import LeaderSide
from enterprises.mentors import queries as mentors
from enterprises.placements import operations, queries
from enterprises.placements.operations import tables
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import queries as identities
from trainhub.kernel import files, jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.organisations import operations as ground_operations
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import HostSide
from trainhub.programmes import queries as programmes

AsRole = Callable[..., FlaskClient]
NOW = make.NOW
DAYS = make.weekdays(date(2026, 3, 2), 5)


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement at a base with a week that is confirmed."""
    with time_machine.travel(NOW, tick=False), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, base = ground.programme(university), ground.base(enterprise)
        make.opened_base(base=base)
        term = make.term(university=university)
        position = make.position(enterprise=enterprise, base=base, terms=[term], seats=3)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        row = make.started(student=student, position=position, term=term, mentor=make.mentor(enterprise=enterprise))
        make.confirmed(row, DAYS)
        return SimpleNamespace(programme_id=programme.id, student_no=student.student_no, base_code=base.code, key=row.id, university_id=university.id)


def work(app: Flask) -> None:
    """Run what waits."""
    while (running := jobs.claim(make.at(DAYS[-1]))) is not None:
        assert jobs.run(running) is jobs.JobState.DONE


@pytest.mark.parametrize(("key", "form"), [("t1", "xlsx"), ("t1", "csv"), ("t4", "xlsx"), ("t4", "csv")])
@pytest.mark.parametrize("at_once", [0, 1])
def test_a_table_at_and_above_what_a_page_waits_for(
    app: Flask, world: SimpleNamespace, as_role: AsRole, monkeypatch: pytest.MonkeyPatch, key: str, form: str, at_once: int
) -> None:
    monkeypatch.setitem(tables.TABLES, key, replace(tables.TABLES[key], at_once=at_once))
    with time_machine.travel(make.at(DAYS[-1]), tick=False):
        head = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id)
        answer = head.get(f"/placements/{key}.{form}")
        if at_once:
            assert answer.status_code == 200
            direct = answer.data
            assert direct[:2] == b"PK" if form == "xlsx" else world.base_code in answer.text or world.student_no in answer.text
            return
        assert (answer.status_code, answer.location) == (303, f"/placements/tables/{key}?form={form}")
        assert head.get(answer.location).status_code == 200
        assert head.get(f"/placements/tables/{key}/file").status_code == 404
        assert head.post(f"/placements/tables/{key}", data={"form": form}).status_code == 303
        assert head.post(f"/placements/tables/{key}", data={"form": form}).status_code == 303  # asked twice: one job
        assert "已排队" in head.get(f"/placements/tables/{key}").text
        assert head.get(f"/placements/tables/{key}/file").status_code == 422
        work(app)
        assert "共 1 行" in head.get(f"/placements/tables/{key}/state").text
        made = head.get(f"/placements/tables/{key}/file")
        assert (made.status_code, made.data[:2] == b"PK") == (200, form == "xlsx")
        somebody = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id)
        assert somebody.get(f"/placements/tables/{key}/file").status_code == 404


def test_a_file_that_names_students_is_let_go_after_a_week(
    app: Flask, world: SimpleNamespace, as_role: AsRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tables.TABLES, "t1", replace(tables.TABLES["t1"], at_once=0))
    with time_machine.travel(make.at(DAYS[-1]), tick=False):
        head = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id)
        head.post("/placements/tables/t1", data={"form": "csv"})
        work(app)
    with transaction():
        assert operations.forget_tables(now=make.at(DAYS[-1] + timedelta(days=6))) == []
        [digest] = operations.forget_tables(now=make.at(DAYS[-1] + timedelta(days=8)))
    files.erase([digest])
    with time_machine.travel(make.at(DAYS[-1]), tick=False):
        assert head.get("/placements/tables/t1/file").status_code == 404


def test_a_table_that_there_is_not(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(make.at(DAYS[-1]), tick=False):
        head = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id)
        assert head.get("/placements/tables/t9").status_code == 404
        assert head.post("/placements/tables/t1", data={"form": "pdf"}).status_code == 404


def test_the_sum_of_weeks_begins_before_the_window(world: SimpleNamespace) -> None:
    """A placement that ended before the window is not listed, but what was earned there belongs to the sum."""
    [row] = queries.table_1(SYSTEM, since=date(2025, 9, 1), on=DAYS[-1])
    assert (row["weeks"], row["weeks_sum"]) == (1.0, 1.0)
    with transaction():
        first = queries.placement(world.key)
        assert first is not None
        term = make.term(university=organisations.by_id(world.university_id), starts_on=date(2026, 7, 6), weeks=8)
        position = queries.position(first.position_id)
        assert position is not None
        operations.set_seats(position=position, term=term, seats=3, by=SYSTEM, now=NOW)
        operations.approve_position(position=position, by=SYSTEM, now=NOW)
        mentor = mentors.by_id(first.mentor_id or 0)
        assert mentor is not None
        later = make.started(student=queries.student(first.student_id), position=position, term=term, mentor=mentor)
        make.confirmed(later, make.weekdays(date(2026, 7, 6), 5))
    [row] = queries.table_1(SYSTEM, since=date(2026, 7, 1), on=date(2026, 7, 20))
    assert (row["weeks"], row["weeks_sum"]) == (1.0, 2.0)


def test_t4_counts_who_has_come_and_names_hosts_until_their_last_day(world: SimpleNamespace) -> None:
    with transaction():
        first = queries.placement(world.key)
        assert first is not None
        position = queries.position(first.position_id)
        assert position is not None
        student = ground.student(programmes.by_id(world.programme_id), petoe_since=date(2023, 9, 1))  # type: ignore[arg-type]
        term = make.term(university=organisations.by_id(world.university_id), starts_on=date(2026, 9, 7))  # type: ignore[arg-type]
        operations.set_seats(position=position, term=term, seats=3, by=SYSTEM, now=NOW)
        operations.approve_position(position=position, by=SYSTEM, now=NOW)
        operations.place_student(student=student, position=position, term=term, by=SYSTEM, now=NOW)  # in September
        [(host, enterprise)] = [(one, row) for one, row in organisations.hosts_of(first.base_id or 0) if row.kind == "enterprise"]
        host.until = DAYS[-1]
        names = [enterprise.name]
    [row] = queries.table_4(SYSTEM, since=date(2025, 9, 1), on=DAYS[-1])
    assert (row["students"], row["hosts"]) == (1, names)
    [row] = queries.table_4(SYSTEM, since=date(2025, 9, 1), on=DAYS[-1] + timedelta(days=1))
    assert row["hosts"] == []


def test_t4_names_of_a_base_what_is_the_readers_schools_own(world: SimpleNamespace) -> None:
    """A base that two schools use: the other's agreement, leader and supervisors stand in the other's table."""
    with transaction():
        base = organisations.by_code(world.base_code)
        assert base is not None
        other = ground.university()
        theirs = ground.programme(other)
        for at in (other, organisations.by_id(world.university_id)):
            assert at is not None
            ground_operations.add_host(base=base, organisation=at, side=HostSide.SCHOOL, is_lead=False, since=date(2020, 1, 1), by=SYSTEM, now=NOW)
        for row in bases.agreements_of(base.id):
            row.university_id = other.id
        leads: dict[str, Any] = {"base": base, "side": LeaderSide.SCHOOL, "by": SYSTEM, "now": NOW}
        since = date(2025, 1, 1)
        base_operations.add_leader(person=ground.person(name="他校"), post="处长", since=since, university_id=other.id, **leads)
        for name, begins in (("本校", since), ("将任", date(2027, 1, 1))):
            base_operations.add_leader(person=ground.person(name=name), post="处长", since=begins, university_id=world.university_id, **leads)
        identity.account(roles=(Role.SCHOOL_SUPERVISOR,), programme_id=theirs.id)
        term = make.term(university=other)
        [enterprise] = [row for _host, row in organisations.hosts_of(base.id) if row.kind == "enterprise"]
        position = make.position(enterprise=enterprise, base=base, terms=[term], seats=1)
        student = ground.student(theirs, petoe_since=date(2023, 9, 1))
        make.started(student=student, position=position, term=term, mentor=make.mentor(enterprise=enterprise))
        readers = [
            identities.identity_of(identity.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=key).id, today=DAYS[-1])
            for key in (world.university_id, other.id)
        ]
    mine, others = (queries.table_4(reader, since=date(2025, 9, 1), on=DAYS[-1]) for reader in readers)
    assert [(row["students"], row["agreement"], row["leaders"], row["school_mentors"]) for row in mine] == [(1, None, ["本校（处长）"], 0)]
    signed = (date(2024, 1, 1), date(2028, 12, 31))
    assert [(row["students"], row["agreement"], row["leaders"], row["school_mentors"]) for row in others] == [(1, signed, ["他校（处长）"], 1)]
