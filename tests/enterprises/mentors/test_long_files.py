"""A long list of mentors: what it asks the database grows with its portions, not with its rows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enterprises.mentors import imports
from enterprises.mentors.models import Mentor
from tests.factories import enterprises as make
from tests.factories import ground
from trainhub.kernel import imports as kernel
from trainhub.kernel.access import SYSTEM
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
