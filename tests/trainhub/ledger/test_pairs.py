"""Who may be one human waits for an eye whichever way they came into the count: a course, a placement, a second list, a number given later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from tests.trainhub.ledger.conftest import NOW
from tests.trainhub.ledger.rosters import resident, row, write
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import PossibleDuplicate
from trainhub.ledger.types import Category, Source
from trainhub.oversight.goals import operations, queries
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.home.queries import province
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.types import IdType, PairDecision

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("bases")]
Command = Callable[..., dict[str, Any]]
NAME, BORN = "林晓", date(1998, 3, 2)
ONE, TWO = {"name": NAME, "id_number": resident(1, BORN)}, {"name": NAME, "id_number": resident(2, BORN)}
PASSPORT, RENEWED = ({"name": "Li Ming", "id_type": "passport", "id_number": number} for number in ("E12345678", "EA7654321"))


def known(name: str, id_number: str, id_type: str = "resident_id", **given: Any) -> int:
    """Somebody whom a school registered."""
    with transaction():
        return people.register_person(name=name, id_type=IdType(id_type), id_number=id_number, by=SYSTEM, now=NOW, **given).id


def learn(person_id: int, base_id: int, course: str = "网课", source: Source = Source.COURSE) -> bool:
    """What a course or a placement pushes down."""
    with transaction():
        return ledger.record_training(
            person_id=person_id, organisation_id=base_id, course=course, category=Category.WORKER, county_code="350102", hours_x10=160,
            completed_on=date(2016, 5, 1), is_counted=True, source=source, source_id=person_id, by=SYSTEM, now=NOW,
        )[1]  # fmt: skip


def pairs(session: Session) -> list[PossibleDuplicate]:
    session.expire_all()
    return list(session.scalars(select(PossibleDuplicate)))


@pytest.mark.parametrize("source", [Source.COURSE, Source.PLACEMENT])
@pytest.mark.parametrize(("first", "second"), [(ONE, TWO), (PASSPORT, RENEWED)])
def test_who_completes_a_course_beside_a_roster_waits_for_an_eye(
    command: Command, session: Session, tmp_path: Path, bases: dict[str, int], as_role: Callable[..., FlaskClient], first: dict[str, str],
    second: dict[str, str], source: Source,
) -> None:  # fmt: skip
    assert command("trainees", "import", write(tmp_path / "a.csv", [row(1, **first)]))["rejected"] == 0
    person = known(**second)
    assert pairs(session) == [], "a registration alone counts for nothing"
    assert [learn(person, bases["B-02"], source=source) for _ in range(2)] == [True, False]
    learn(person, bases["B-02"], "另一门", source=source)
    (pair,) = pairs(session)
    assert province.open_duplicates() == 1
    hr = as_role(Role.DEPT_HR)
    assert "判定疑似重复的学员" in hr.get("/").text
    goal = session.scalars(select(Goal).where(Goal.code == "fj-400k")).one()
    operations.refresh(goal=goal, now=NOW)
    assert queries.kept_totals(goal) == (3, 2)
    ledger.decide_duplicate(duplicate_id=pair.id, is_same=True, note="已核对", by=SYSTEM, now=NOW)
    operations.rebuild(goal=goal, now=NOW)
    session.commit()
    assert queries.kept_totals(goal) == (3, 1)
    assert province.open_duplicates() == 0
    learn(person, bases["B-02"], "第三门", source=source)
    assert len(pairs(session)) == 1


@pytest.mark.parametrize(("first", "second"), [(ONE, TWO), (PASSPORT, RENEWED)])
@pytest.mark.parametrize("is_one_file", [False, True])
def test_known_persons_on_rosters_wait_as_new_ones_do(
    command: Command, session: Session, tmp_path: Path, first: dict[str, str], second: dict[str, str], is_one_file: bool
) -> None:
    """Two schools have registered one human under two numbers before either list comes."""
    known(**first)
    known(**second)
    lines = [row(1, **first), row(2, **{"course": "另一门"} | second)]
    for n, some in enumerate([lines] if is_one_file else [[line] for line in lines]):
        assert command("trainees", "import", write(tmp_path / f"{n}.csv", some))["accepted"] == len(some)
    assert len(pairs(session)) == 1
    command("trainees", "import", write(tmp_path / "again.csv", [line | {"course": "第三门"} for line in lines]))
    assert len(pairs(session)) == 1


def test_a_card_beside_a_permit_waits_once_one_organisation_has_trained_both(
    command: Command, session: Session, tmp_path: Path, bases: dict[str, int]
) -> None:
    permit = {"name": "陈伟", "id_type": "mainland_permit_tw", "id_number": "12345678"}
    command("trainees", "import", write(tmp_path / "a.csv", [row(1, **permit), row(2, name="陈伟", base_code="B-02")]))
    assert pairs(session) == []
    command("trainees", "import", write(tmp_path / "b.csv", [row(2, name="陈伟", course="另一门")]))
    assert len(pairs(session)) == 1


def test_a_roster_of_known_persons_who_were_there_before_asks_for_nobody(
    command: Command, session: Session, tmp_path: Path, count_queries: list[str]
) -> None:
    lines = [row(n) for n in range(1, 31)]
    command("trainees", "import", write(tmp_path / "a.csv", lines))
    count_queries.clear()
    command("trainees", "import", write(tmp_path / "b.csv", [line | {"course": "另一门"} for line in lines]))
    assert len(count_queries) < 60
    assert pairs(session) == []


def test_a_number_that_is_given_after_the_completion_brings_the_pair(session: Session, bases: dict[str, int]) -> None:
    """Who registered alone has no birth date until somebody looked; what they completed counts from then on."""
    learn(known(**ONE), bases["B-01"])
    with transaction():
        other = people.register_person(name=NAME, by=SYSTEM, now=NOW)
        make.account(person=other)
    learn(other.id, bases["B-01"], "另一门")
    assert pairs(session) == []
    with transaction():
        person = session.get_one(Person, other.id)
        people.give_number(person=person, id_type=IdType.RESIDENT_ID, number=str(TWO["id_number"]), by=SYSTEM, now=NOW)
    assert len(pairs(session)) == 1


def test_rows_of_one_human_are_no_pair_again(session: Session, bases: dict[str, int]) -> None:
    """Who was merged is asked for as who stays: neither with each other, nor twice with a third."""
    one, two, third = known(**ONE), known(**TWO), known(name=NAME, id_number=resident(3, BORN))
    with transaction():
        stays, gone = session.get_one(Person, one), session.get_one(Person, two)
        ground.merge(stays, gone)
    learn(two, bases["B-01"])
    learn(third, bases["B-01"])
    assert [(pair.person_id, pair.other_person_id) for pair in pairs(session)] == [(one, third)]


def test_a_pair_that_was_decided_under_a_row_that_is_gone_is_not_asked_again(session: Session, bases: Any) -> None:
    """Somebody decided that they are two; that one of them has another row since is no new question."""
    stays, gone, other = (known(NAME, resident(n, BORN)) for n in (1, 2, 3))
    base = ground.base().id
    session.commit()
    assert learn(gone, base)
    assert {(one.person_id, one.other_person_id) for one in pairs(session)} == {(stays, gone), (gone, other)}
    with transaction():
        for first, second, decision in ((gone, other, PairDecision.DIFFERENT), (stays, gone, PairDecision.SAME)):
            people.decide_pair(
                first=session.get_one(Person, first), second=session.get_one(Person, second), decision=decision, reason="已核对", by=SYSTEM, now=NOW
            )
    assert session.get_one(Person, gone).merged_into_id == stays
    assert learn(stays, base, "另一课程")
    assert len(pairs(session)) == 2
    third = known(NAME, resident(4, BORN))
    assert learn(third, base)
    assert len(pairs(session)) == 4
