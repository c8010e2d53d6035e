"""The talent databases: FJ-15b at, below and above its thresholds; the way to a recognition; pass lists; the catalogue."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.errors import Stale
from trainhub.kernel.imports import ImportRefused, execute_bytes
from trainhub.oversight.talents import imports, operations, own_queries, queries
from trainhub.oversight.talents.operations import TalentRefused, WrongStep
from trainhub.oversight.talents.rules import PARAMETERS, Leading, judge_leading
from trainhub.oversight.talents.types import TalentKind, TalentState
from trainhub.people.models import Person
from trainhub.people.operations import merging as people
from trainhub.people.types import PairDecision
from trainhub.policy.book import book

NOW, TODAY = datetime(2026, 3, 2, 2, tzinfo=UTC), date(2026, 3, 2)
AsRole = Callable[..., FlaskClient]
WHOLE: dict[str, Any] = {"rank_china": 20, "rank_year": 2025, "years_there": 3, "is_mid_senior": True, "project": "平台"}


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({}, []),
        ({"rank_china": 21}, ["rank"]),
        ({"rank_china": None, "rank_world": 30}, []),
        ({"rank_china": 21, "rank_world": 31}, ["rank"]),
        ({"rank_china": 21, "rank_world": 29}, []),
        ({"rank_china": None}, ["rank"]),
        ({"rank_year": 2022}, ["rank_year"]),
        ({"rank_year": 2023}, []),
        ({"rank_year": 2026}, []),
        ({"rank_year": 2027}, ["rank_year"]),
        ({"rank_year": None}, ["rank_year"]),
        ({"years_there": 2}, ["years"]),
        ({"years_there": 4}, []),
        ({"years_there": None}, ["years"]),
        ({"is_mid_senior": False}, ["post"]),
        ({"is_mid_senior": None}, ["post"]),
        ({"project": " "}, ["project"]),
    ],
)
def test_a_leading_talent_by_fj_15b(change: dict[str, Any], missing: list[str]) -> None:
    held = {key: book().at(key, on=TODAY) for key in PARAMETERS}
    assert [f.code.split(".")[1] for f in judge_leading(Leading(**{**WHOLE, "asked_year": TODAY.year, **change}), held) if not f.met] == missing


def _nominate(kind: TalentKind = TalentKind.HIGH_LEVEL, person: Any = None, **facts: Any) -> Any:
    return operations.nominate(person=person or ground.person(), kind=kind, merits="业绩", by=SYSTEM, today=TODAY, now=NOW, **facts)


def test_the_way_to_a_recognition(session: Session) -> None:
    row = _nominate()
    with pytest.raises(WrongStep):
        operations.recognise(row=row, decision="同意", by=SYSTEM, today=TODAY)
    operations.review(row=row, opinion="建议认定", by=SYSTEM, today=TODAY)
    with pytest.raises(TalentRefused, match="有效期"):
        operations.recognise(row=row, decision="同意", valid_until=TODAY, by=SYSTEM, today=TODAY)
    with pytest.raises(Stale):
        operations.recognise(row=row, decision="同意", by=SYSTEM, today=TODAY, version=row.version + 1)
    operations.recognise(row=row, decision="同意", by=SYSTEM, today=TODAY)
    person = session.get_one(type(ground.person()), row.person_id)
    with pytest.raises(TalentRefused, match="不能重复推荐"):
        _nominate(person=person)
    assert _nominate(TalentKind.PART_TIME_MENTOR, person).state is TalentState.NOMINATED
    operations.end(row=row, decision="调离", by=SYSTEM, today=TODAY)
    assert _nominate(person=person).id != row.id


def test_a_leading_talent_without_the_conditions_is_refused_with_the_clause(session: Session) -> None:
    row = _nominate(TalentKind.LEADING, **{**WHOLE, "rank_china": 21})
    operations.review(row=row, opinion="建议", by=SYSTEM, today=TODAY)
    with pytest.raises(TalentRefused) as refused:
        operations.recognise(row=row, decision="同意", by=SYSTEM, today=TODAY)
    assert (refused.value.code, "000:741" in refused.value.details[0]["problem"]) == ("not_eligible", True)
    operations.reject(row=row, decision="排名不符", by=SYSTEM, today=TODAY)
    assert row.state is TalentState.REJECTED


def test_a_ranking_has_its_year(session: Session) -> None:
    """FJ-15b, 000:741: 近三年. Of one that was entered before years were, a person judges."""
    for wrong in ({"rank_year": None}, {"rank_year": TODAY.year + 1}):
        with pytest.raises(TalentRefused) as refused:
            _nominate(TalentKind.LEADING, **{**WHOLE, **wrong})
        assert refused.value.field == "rank_year"
    row = _nominate(TalentKind.LEADING, **WHOLE)
    row.rank_year = None  # as before
    operations.review(row=row, opinion="建议", by=SYSTEM, today=TODAY)
    assert [one.status.value for one in operations.findings_of(row, TODAY) if not one.met] == ["judge"]
    assert operations.recognise(row=row, decision="2024 年排名，经核对属近三年", by=SYSTEM, today=TODAY).state is TalentState.RECOGNISED


def _file(*rows: str) -> bytes:
    return ("姓名,身份证号码,考试,级别,资格名称,证书编号,合格日期\n" + "\n".join(rows)).encode()


def test_a_pass_list_is_imported_once_and_finds_the_person(session: Session) -> None:
    number = ground.resident_id()
    person = ground.person("林合格", id_number=number)
    content = _file(f"林合格,{number},软件,中级,软件设计师,C-1,2025-11-01")
    call: dict[str, Any] = {"filename": "a.csv", "by": SYSTEM, "today": TODAY, "now": NOW}
    assert execute_bytes(imports.SPEC, content, **call).added == 1
    assert execute_bytes(imports.SPEC, content, **call).unchanged == 1
    (line,) = queries.passes_of(person.id)
    assert (line.subject, number in line.id_mask) == ("软件设计师", False)
    for bad in (
        f"林他人,{number},软件,中级,软件设计师,C-2,2025-11-01",
        f"林合格,{number[:-1]}{(int(number[-1], 36) + 1) % 10},软件,中级,软件设计师,C-3,2025-11-01",
        f"林合格,{number},软件,中级,软件设计师,C-4,2027-11-01",
        f"林合格,{number},通信,中级,传输,C-1,2025-11-01",
        f"林合格,{number},软件,中级,软件设计师,C-5,{person.birth_on}",
        f"林合格,{number},软件,中级,软件设计师,C-6,1900-11-01",
    ):
        with pytest.raises(ImportRefused):
            execute_bytes(imports.SPEC, _file(bad), **call)


def test_a_pass_of_before_is_theirs_in_another_spelling_of_the_name(session: Session) -> None:
    """The import compares names by letters, not by the form of a dot or a space: so does who looks for their passes."""
    numbers = [ground.resident_id(), ground.resident_id()]
    lines = [
        f"{name},{number},软件,中级,软件设计师,Q-{name},2025-11-01" for name, number in zip(("阿依古丽•买买提", "Anna LEE"), numbers, strict=True)
    ]
    call: dict[str, Any] = {"filename": "a.csv", "by": SYSTEM, "today": TODAY, "now": NOW}
    assert execute_bytes(imports.SPEC, _file(*lines), **call).added == 2
    for name, number in zip(("阿依古丽·买买提", "Anna Lee"), numbers, strict=True):
        known = ground.person(name, id_number=number)
        assert (len(queries.passes_of(known.id)), set(queries.kept_of([known.id]))) == (1, {known.id})


def test_a_pass_from_before_the_person_was_registered_is_theirs(session: Session) -> None:
    """The list is kept with the hash of the number: who comes later under the same name finds it, another name does not."""
    numbers = [ground.resident_id(), ground.resident_id()]
    lines = [f"林先考,{number},软件,中级,软件设计师,P-{place},2025-11-01" for place, number in enumerate(numbers)]
    call: dict[str, Any] = {"filename": "a.csv", "by": SYSTEM, "today": TODAY, "now": NOW}
    assert execute_bytes(imports.SPEC, _file(*lines), **call).added == 2
    later, other = ground.person("林先考", id_number=numbers[0]), ground.person("林他人", id_number=numbers[1])
    assert [[line.certificate_no for line in queries.passes_of(one.id)] for one in (later, other)] == [["P-0"], []]
    assert [row.document_no for row in session.execute(own_queries.exams(later.id).statement)] == ["P-0"]
    assert set(queries.kept_of([later.id, other.id])) == {later.id}
    twin = ground.person("林先考")
    _same(later, twin)
    assert [line.certificate_no for line in queries.passes_of(twin.id)] == ["P-0"]


def _same(one: Person, other: Person, decision: PairDecision = PairDecision.SAME) -> None:
    people.note_decision(first_id=one.id, second_id=other.id, decision=decision, reason="核对", by=SYSTEM, now=NOW)


def test_one_human_has_one_entry_in_a_database_and_two_again_when_parted(session: Session) -> None:
    """The furthest entry stands, the other is set aside with what it was; a new nomination of either person is refused."""
    persons = [ground.person(), ground.person()]
    waits, stands = _nominate(person=persons[0]), _nominate(person=persons[1])
    operations.review(row=stands, opinion="建议", by=SYSTEM, today=TODAY)
    operations.recognise(row=stands, decision="同意", by=SYSTEM, today=TODAY)
    beside = _nominate(TalentKind.PART_TIME_MENTOR, persons[0])
    _same(*persons)
    assert (waits.state, waits.instead_id, stands.state, beside.state) == ("rejected", stands.id, "recognised", "nominated")
    for person in persons:
        with pytest.raises(TalentRefused, match=r"合并后的人员|不能重复推荐"):
            _nominate(person=person)
    with pytest.raises(WrongStep):
        operations.review(row=waits, opinion="建议", by=SYSTEM, today=TODAY)
    assert queries.recognised_counts(NOW + timedelta(days=1), TODAY) == [(TalentKind.HIGH_LEVEL, 1)]
    _same(*persons, decision=PairDecision.DIFFERENT)
    assert (waits.state, waits.instead_id, waits.person_id) == ("nominated", None, persons[0].id)


def test_of_two_recognised_entries_the_report_counts_one(session: Session) -> None:
    persons = [ground.person(), ground.person()]
    rows = [_nominate(person=person) for person in persons]
    for row in rows:
        operations.review(row=row, opinion="建议", by=SYSTEM, today=TODAY)
        operations.recognise(row=row, decision="同意", valid_until=date(2027, 1, 1), by=SYSTEM, today=TODAY)
    _same(*persons)
    assert [(row.state, row.valid_until) for row in rows] == [("recognised", date(2027, 1, 1)), ("ended", TODAY)]
    known = NOW + timedelta(days=1)
    assert [queries.recognised_counts(known, day)[0][1] for day in (TODAY, TODAY + timedelta(days=1))] == [1, 1]
    _same(*persons, decision=PairDecision.DIFFERENT)
    assert [(row.state, row.valid_until) for row in rows] == [("recognised", date(2027, 1, 1))] * 2


def test_everybody_can_be_nominated_and_is_searched_for(session: Session, as_role: AsRole) -> None:
    """Not only the mentors and teachers of today: whoever is registered or worked there, and who is registered with the nomination."""
    school, number = ground.university(), ground.resident_id()
    gone, trainee = ground.teacher(school, until=date(2026, 1, 31)), ground.person("陈学员")
    gone_id, trainee_id, key, name = gone.person_id, trainee.id, school.id, session.get_one(Person, gone.person_id).name
    session.commit()
    hr, admin = as_role(Role.DEPT_HR), as_role(Role.UNIVERSITY_ADMIN, organisation_id=key)
    assert f"person={trainee_id}" in hr.get("/talents/nominate?q=陈学").text
    assert f"person={trainee_id}" not in admin.get("/talents/nominate?q=陈学").text
    assert f"person={gone_id}" in admin.get(f"/talents/nominate?q={name}").text
    assert admin.get(f"/talents/nominate?person={trainee_id}").status_code == 404
    data = {"kind": "leading", "employer": "0", "key_field_no": "2", "shortage": "0", "origin": "china", "is_mid_senior": "", "merits": "业绩"}
    assert admin.post("/talents/nominate", data={**data, "person": str(trainee_id)}).status_code == 422
    assert admin.post("/talents/nominate", data={**data, "person": "²"}).status_code == 422
    assert admin.post("/talents/nominate", data={**data, "person": str(gone_id)}).status_code == 303
    assert admin.post("/talents/nominate", data=data).status_code == 422
    outside = {**data, "name": "周领军", "id_type": "resident_id", "id_number": number}
    assert admin.post("/talents/nominate", data={**outside, "id_number": number[:-1]}).status_code == 422
    where = admin.post("/talents/nominate", data=outside).headers["Location"]
    assert "周领军" in admin.get(where).text
    assert admin.post("/talents/nominate", data=outside).status_code == 422  # the same person again


def test_the_pages(session: Session, as_role: AsRole) -> None:
    mentor_of = ground.university()
    teacher = ground.teacher(mentor_of)
    key, person_id, elsewhere = mentor_of.id, teacher.person_id, ground.university().id
    session.commit()
    admin, hr = as_role(Role.UNIVERSITY_ADMIN, organisation_id=key), as_role(Role.DEPT_HR)
    data = {
        "kind": "high_level",
        "person": str(person_id),
        "employer": str(key),
        "key_field_no": "2",
        "shortage": "0",
        "origin": "taiwan",
        "is_mid_senior": "",
        "merits": "业绩",
    }
    assert admin.get("/talents/nominate").status_code == 200
    assert admin.post("/talents/nominate", data={**data, "person": "999999"}).status_code == 422
    where = admin.post("/talents/nominate", data=data).headers["Location"]
    assert "绿色通道" in admin.get(where).text
    assert admin.post(f"{where}/review", data={"opinion": "好"}).status_code == 403
    assert hr.post(f"{where}/recognise", data={"decision": "同意"}).status_code == 409
    assert hr.post(f"{where}/review", data={"opinion": "建议认定"}).status_code == 303
    assert hr.post(f"{where}/recognise", data={"decision": "同意"}).status_code == 303
    again = hr.post(f"{where}/recognise", data={"decision": "再次"})  # the form is gone, its refusal is not
    assert (again.status_code, "这一条现为“已认定”" in again.text) == (409, True)
    assert hr.get("/talents/?kind=high_level&state=recognised").status_code == 200
    assert hr.get("/talents/talents.csv").status_code == 200
    other = as_role(Role.UNIVERSITY_ADMIN, organisation_id=elsewhere)
    assert other.get(where).status_code == 403
    item = {"year": "2026", "code": "A1", "post": "工程师", "key_field_no": "1", "urgency": "3", "wanted": "5"}
    assert admin.post("/talents/shortage", data=item).status_code == 403
    assert hr.post("/talents/shortage", data=item).status_code == 303
    assert hr.post("/talents/shortage", data=item).status_code == 422
    (listed,) = queries.catalogue(2026)
    operations.withdraw_shortage(item=listed, by=SYSTEM)
    session.commit()
    assert hr.post("/talents/shortage", data={**item, "wanted": "6"}).status_code == 303, "taken out by mistake: it comes back under its code"
    assert [(one.id, one.wanted) for one in queries.catalogue(2026)] == [(listed.id, 6)]
    assert "特别急需" in admin.get("/talents/shortage?year=2026").text
    assert hr.get("/talents/shortage/2026.csv").status_code == 200
    assert hr.get("/talents/exams").status_code == 200
    for form, status in (("csv", 200), ("xlsx", 200), ("pdf", 404)):
        assert hr.get(f"/talents/exams.{form}").status_code == status
    assert other.get("/talents/exams.csv").status_code == other.get("/talents/exams").status_code
    upload = hr.post("/talents/exams/import", data={"file": (io.BytesIO(_file("林一,1,软件,中级,员,C,2025-01-01")), "a.csv")})
    assert upload.status_code == 303
    assert "长度" in hr.get(upload.headers["Location"]).text or "位" in hr.get(upload.headers["Location"]).text


def test_who_is_nominated_without_an_employer_is_of_the_place_where_they_teach(session: Session, as_role: AsRole) -> None:
    """The public notice of money names the employer: left open, it named nobody's."""
    school = ground.university()
    teacher, both = ground.teacher(school), ground.teacher(school)
    ground.teacher(ground.university(), who=session.get_one(Person, both.person_id))
    key, persons = school.id, [teacher.person_id, both.person_id]
    session.commit()
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=key)
    for person_id in persons:
        data = {
            "kind": "high_level",
            "person": str(person_id),
            "employer": "0",
            "key_field_no": "2",
            "shortage": "0",
            "origin": "fujian",
            "merits": "业绩",
        }
        assert admin.post("/talents/nominate", data={**data, "is_mid_senior": ""}).status_code == 303
    session.expire_all()
    rows = [queries.open_of(person_id, TalentKind.HIGH_LEVEL) for person_id in persons]
    assert [row.employer_id for row in rows if row is not None] == [key, None]
