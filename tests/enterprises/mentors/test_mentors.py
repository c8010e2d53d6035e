"""The mentor pool: operations, import, filters by skill."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.mentors import imports, operations, queries
from enterprises.mentors.operations import BadMentor
from enterprises.placements import operations as placements
from tests.factories import enterprises as make
from tests.factories import ground
from trainhub.identity import queries as accounts
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.errors import Stale
from trainhub.kernel.imports import ImportRefused, run_file
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student
from trainhub.people.queries import employment_of
from trainhub.people.types import IdType

NOW, TODAY = make.NOW, make.TODAY


def test_a_person_is_mentor_of_one_enterprise_at_a_time(session: Session) -> None:
    person, enterprise = ground.person(), ground.enterprise()
    one = make.mentor(enterprise=enterprise, person=person)
    assert make.mentor(enterprise=enterprise, person=person).id == one.id
    with pytest.raises(BadMentor):
        make.mentor(enterprise=ground.enterprise(), person=person)
    operations.change_mentor(mentor=one, until=date(2026, 1, 31), by=SYSTEM, now=NOW)
    assert make.mentor(enterprise=ground.enterprise(), person=person, since=date(2026, 2, 1)).id != one.id
    with pytest.raises(BadMentor):
        make.mentor(enterprise=ground.university(), person=ground.person())


@pytest.mark.parametrize(("limit", "fine"), [(-1, False), (0, True), (99, True), (100, False)])
def test_load_limits(session: Session, limit: int, fine: bool) -> None:
    if fine:
        assert make.mentor(enterprise=ground.enterprise(), load_limit=limit).load_limit == limit
        return
    with pytest.raises(BadMentor):
        make.mentor(enterprise=ground.enterprise(), load_limit=limit)


def test_two_editors(session: Session) -> None:
    mentor = make.mentor(enterprise=ground.enterprise())
    with pytest.raises(Stale):
        operations.change_mentor(mentor=mentor, version=mentor.version + 1, post="总工", by=SYSTEM, now=NOW)


def test_the_pool_is_found_by_a_whole_skill(session: Session) -> None:
    enterprise = ground.enterprise()
    one = make.mentor(enterprise=enterprise, skills=["数据分析", "PLC"])
    make.mentor(enterprise=enterprise, skills=["数据分析师"])
    found = session.execute(queries.listing(SYSTEM, on=TODAY, skill="数据分析")).all()
    assert [row.id for row in found] == [one.id]
    assert queries.skills_known(SYSTEM, TODAY) == ["PLC", "数据分析", "数据分析师"]


def test_an_import_is_all_or_nothing_and_repeatable(session: Session, tmp_path: Path) -> None:
    enterprise = ground.enterprise()
    number = ground.resident_id(date(1985, 5, 6))
    path = tmp_path / "mentors.csv"
    head = "姓名,证件号码,企业代码,岗位,专长,指导学生上限,聘任日期\n"
    path.write_text(head + f"陈工,{number},{enterprise.code},高级工程师,数控|PLC,4,2026-01-05\n", encoding="utf-8")

    def run(*, dry: bool = False) -> dict[str, object]:
        return run_file(imports.SPEC, str(path), dry_run=dry, by=SYSTEM, today=TODAY, now=NOW)

    assert (run(dry=True)["added"], queries.skills_known(SYSTEM, TODAY)) == (1, [])
    assert run()["added"] == 1
    again = run()
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 1)
    mentor = next(m for m in session.scalars(select(queries.Mentor)) if m.enterprise_id == enterprise.id)
    assert (mentor.skills, mentor.load_limit, len(employment_of(mentor.person_id))) == (["数控", "PLC"], 4, 1)
    bad = head + f"李工,{number[:-1]}{'0' if number[-1] != '0' else '1'},{enterprise.code},工程师,,5,2026-01-05\n王工,,X-404,工程师,,5,2026-02-30\n"
    path.write_text(bad, encoding="utf-8")
    with pytest.raises(ImportRefused) as refused:
        run()
    assert [(d["row"], d["column"]) for d in refused.value.details] == [(2, "id_number"), (3, "since")]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_export_and_import_again_changes_nothing(as_role: Callable[..., FlaskClient], session: Session, form: str) -> None:
    enterprise = ground.enterprise()
    for n in range(3):
        make.mentor(enterprise=enterprise, skills=["数控", "=PLC"], post=f"工程师{n}", load_limit=n)
    make.mentor(enterprise=enterprise, person=ground.person("无号", id_type=None, phone="13905910000"), post="技师")
    session.commit()
    client = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise.id)
    content = client.get(f"/mentors/export.{form}").data
    answer = client.post("/mentors/import", data={"file": (io.BytesIO(content), f"a.{form}")}, content_type="multipart/form-data")
    assert "文件内容与系统一致" in client.get(answer.headers["Location"]).get_data(as_text=True)


def test_mentors_do_not_write_their_own_evidence(as_role: Callable[..., FlaskClient], session: Session) -> None:
    mentor = make.mentor(enterprise=ground.enterprise(), title="工程师")
    session.commit()
    key = mentor.id
    said = {"post": "首席", "skills": "数控", "load_limit": "3", "title": "教授", "years_experience": "60", "trained_on": "2020-01-01"}
    himself = as_role(Role.MENTOR, person_id=mentor.person_id)
    assert 'name="title"' not in himself.get(f"/mentors/{key}/edit").get_data(as_text=True)
    assert himself.post(f"/mentors/{key}/edit", data=said | {"version": str(mentor.version)}).status_code == 303
    session.refresh(mentor)
    assert (mentor.post, mentor.load_limit, mentor.title, mentor.years_experience, mentor.trained_on) == ("首席", 3, "工程师", 0, None)
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=mentor.enterprise_id)
    assert host.post(f"/mentors/{key}/edit", data=said | {"version": str(mentor.version)}).status_code == 303
    session.refresh(mentor)
    assert (mentor.title, mentor.years_experience) == ("教授", 60)


def test_a_mask_stands_for_one_mentor_of_the_enterprise_only(session: Session, tmp_path: Path) -> None:
    enterprise, elsewhere = ground.enterprise(), ground.enterprise()
    mentor = make.mentor(enterprise=enterprise, post="工程师")
    person = session.get(Person, mentor.person_id)
    assert person is not None
    path = tmp_path / "mentors.csv"
    head = "name,id_number,enterprise,post,since,phone\n"

    def run(line: str) -> dict[str, object]:
        path.write_text(head + line, encoding="utf-8")
        return run_file(imports.SPEC, str(path), dry_run=False, by=SYSTEM, today=TODAY, now=NOW)

    done = run(f"{person.name},{person.id_mask},{enterprise.code},总工程师,2026-01-05,13900000000\n")
    assert (done["changed"], len(done["warnings"])) == (1, 2)  # type: ignore[arg-type]  # neither the telephone nor since when is taken
    session.refresh(mentor)
    assert (mentor.post, employment_of(person.id)) == ("总工程师", [])
    for line, column in (
        (f"{person.name},{person.id_mask},{elsewhere.code},工程师,2026-01-05,\n", "id_number"),
        (f"别人,{person.id_mask},{enterprise.code},工程师,2026-01-05,\n", "id_number"),
        (f"新人,,{enterprise.code},工程师,2026-01-05,\n", "id_number"),
    ):
        with pytest.raises(ImportRefused) as refused:
            run(line)
        assert [d["column"] for d in refused.value.details] == [column]


def test_somebody_of_another_enterprise_is_refused_in_the_dry_run(session: Session, tmp_path: Path) -> None:
    number = ground.resident_id(date(1980, 2, 2))
    person = ground.person("双岗", id_type=IdType.RESIDENT_ID, id_number=number)
    make.mentor(enterprise=ground.enterprise(), person=person)
    path = tmp_path / "mentors.csv"
    path.write_text(f"name,id_number,enterprise,post,since\n双岗,{number},{ground.enterprise().code},工程师,2026-01-05\n", encoding="utf-8")
    with pytest.raises(ImportRefused) as refused:
        run_file(imports.SPEC, str(path), dry_run=True, by=SYSTEM, today=TODAY, now=NOW)
    assert "正在另一家企业" in str(refused.value.details[0]["problem"])


def test_a_declared_conflict_is_taken_back_with_a_reason_and_both_stay_on_record(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    one, student = make.mentor(enterprise=ground.enterprise()), ground.student()
    term = make.term(university=session.get_one(Organisation, student.university_id), starts_on=date(2026, 4, 6))
    place = make.position(enterprise=session.get_one(Organisation, one.enterprise_id), terms=[term])
    placements.place_student(student=student, position=place, term=term, by=SYSTEM, now=NOW)
    key, number, at = one.id, student.student_no, f"/mentors/{one.id}/conflicts/{student.id}/withdraw"
    firm, person_id, student_id = one.enterprise_id, one.person_id, student.id

    def as_(role: Role, **scope: int) -> FlaskClient:
        session.commit()  # requests share the session of the test: a refusal rolls back its own request only
        return as_role(role, **scope)

    coordinator = as_(Role.ENTERPRISE_COORDINATOR, organisation_id=firm)
    assert coordinator.post(f"/mentors/{key}/conflicts", data={"student_no": number, "reason": "误登为亲属"}).status_code == 303
    assert f"{at}" in coordinator.get(f"/mentors/{key}").text
    for wrong, words in (("  ", "请写明撤回回避的理由"), ("字" * 201, "最多 200 字，现在有 201 字")):
        answer = coordinator.post(at, data={"reason": wrong})
        assert (answer.status_code, words in answer.text) == (422, True)
    for stranger in (
        as_(Role.ENTERPRISE_COORDINATOR, organisation_id=ground.enterprise().id),
        as_(Role.PROGRAMME_ADMIN, programme_id=ground.programme().id),
    ):
        assert stranger.post(at, data={"reason": "核实后并非亲属"}).status_code == 403
    assert queries.conflict(key, student_id) is not None
    for _n in range(2):  # a second click changes nothing
        assert coordinator.post(at, data={"reason": "核实后并非亲属"}).status_code == 303
    assert queries.conflict(key, student_id) is None
    told = queries.withdrawn_conflicts(key)
    assert [(data["student"], data["declared"], data["reason"]) for _at, data in told] == [(number, "误登为亲属", "核实后并非亲属")]
    mine = as_(Role.MENTOR, organisation_id=firm, person_id=person_id).get(f"/mentors/{key}").text
    assert ("已撤回的回避" in mine, "核实后并非亲属" in mine) == (True, True)
    again = operations.declare_conflict(mentor=queries.by_id(key), student=session.get_one(Student, student_id), reason="亲属", by=SYSTEM, now=NOW)  # type: ignore[arg-type]
    assert again.reason == "亲属"
    assert coordinator.post(f"/mentors/{key}/conflicts/{10**12}/withdraw", data={"reason": "x"}).status_code == 404


def test_an_enterprise_opens_the_account_of_its_own_mentor_and_of_nobody_else(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    firm, other = ground.enterprise(), ground.enterprise()
    own, shared, teaching = make.mentor(enterprise=firm), make.mentor(enterprise=firm), make.mentor(enterprise=firm, person=ground.person())
    ground.teacher(who=session.get_one(Person, teaching.person_id))
    shared.until = date(2024, 12, 31)
    make.mentor(enterprise=other, person=session.get_one(Person, shared.person_id), since=date(2025, 1, 1))
    session.commit()
    client, stranger = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=firm.id), as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=other.id)
    session.commit()
    address = f"/accounts/new?person={own.person_id}"
    assert f'href="{address}"' in client.get(f"/mentors/{own.id}").text
    form = {"username": "mentor9", "role": "mentor", "organisation_id": str(firm.id)}
    assert stranger.post(address, data=form).status_code == 403
    # Who works for two, or teaches, is invited by who sees all of it: the link would open the rest, too.
    for one in (shared, teaching):
        assert client.get(f"/accounts/new?person={one.person_id}").status_code == 403
        assert "/accounts/new" not in client.get(f"/mentors/{one.id}").text
    assert client.post(address, data=form).status_code == 200
    account = accounts.account_of_person(own.person_id)
    assert account is not None
    assert f'href="/accounts/{account.id}"' in client.get(f"/mentors/{own.id}").text
