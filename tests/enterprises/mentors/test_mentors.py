"""The mentor pool: operations, import, filters by skill."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.mentors import imports, operations, queries
from enterprises.mentors.operations import BadMentor
from tests.factories import enterprises as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.errors import Stale
from trainhub.kernel.imports import ImportRefused, run_file
from trainhub.people.queries import employment_of

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
    assert [(d["row"], d["column"]) for d in refused.value.details] == [(2, "id_number"), (3, "id_number"), (3, "since")]
