"""A number that was corrected is remembered by its keyed hash: who brings it again with the same name is refused with words, not registered twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.ground import NOW
from trainhub.cli import main
from trainhub.kernel.access import SYSTEM
from trainhub.people import operations, queries
from trainhub.people.models import FormerNumber, Person
from trainhub.people.types import IdType, PairDecision
from trainhub.programmes.models import Programme

CARD = IdType.RESIDENT_ID
WRONG, RIGHT, THIRD = (ground.resident_id(date(1999, 1, day), order=day) for day in (1, 2, 3))


def correct(who: Person, number: str) -> None:
    """A correction by the system."""
    operations.correct_number(person=who, id_type=CARD, number=number, reason="已核对证件原件", by=SYSTEM, now=NOW)


def register(name: str, number: str) -> Person:
    """A person of a page."""
    return operations.register_person(name=name, id_type=CARD, id_number=number, by=SYSTEM, now=NOW)


@pytest.fixture
def who(session: Session) -> Person:
    """Somebody whose number was registered wrongly and corrected since."""
    row = ground.person("欧阳一", id_type=CARD, id_number=WRONG)
    correct(row, RIGHT)
    return row


def test_the_former_number_with_the_same_name_registers_nobody(who: Person) -> None:
    assert register("欧阳 一", RIGHT) is who
    for make in (
        lambda: register("欧阳 一", WRONG),
        lambda: operations.register_persons([{"name": "欧阳一", "id_type": CARD, "id_number": WRONG}], by=SYSTEM, now=NOW),
    ):
        with pytest.raises(operations.NumberCorrected) as refused:
            make()
        assert (refused.value.field, refused.value.code) == ("id_number", "number_corrected")


def test_it_is_free_for_its_holder(who: Person) -> None:
    holder = register("单一", WRONG)
    assert holder is not who
    assert register("单一", WRONG) is holder
    with pytest.raises(operations.NameDiffers):
        register("欧阳一", WRONG)


def test_a_namesake_is_registered_first_and_given_the_number(who: Person) -> None:
    namesake = ground.person("欧阳一", id_type=None)
    operations.give_number(person=namesake, id_type=CARD, number=WRONG, by=SYSTEM, now=NOW)
    assert register("欧阳一", WRONG) is namesake


def test_one_that_is_corrected_back_is_no_former_one(who: Person, session: Session) -> None:
    correct(who, WRONG)
    assert register("欧阳一", WRONG) is who
    with pytest.raises(operations.NumberCorrected):
        register("欧阳一", RIGHT)
    correct(who, RIGHT)
    correct(who, WRONG)
    assert session.scalar(select(func.count(FormerNumber.id))) == 1, "once, however often it is changed"


def test_it_is_remembered_of_who_was_merged(who: Person) -> None:
    stays = ground.person("欧阳一", id_type=CARD, id_number=THIRD)
    low, high = sorted((stays, who), key=lambda one: one.id)
    operations.decide_pair(first=low, second=high, decision=PairDecision.SAME, reason="已核对", by=SYSTEM, now=NOW)
    with pytest.raises(operations.NumberCorrected):
        register("欧阳一", WRONG)


@pytest.fixture
def bring(app: Flask, session: Session, tmp_path: Path) -> Callable[..., Any]:
    """A file brought in by command: what it did, or (row, column) of what is wrong."""

    def run(command: str, head: str, *rows: str) -> Any:
        file = tmp_path / "file.csv"
        file.write_text("\n".join((head, *rows, "")), encoding="utf-8")
        session.commit()
        done = CliRunner().invoke(main, ["people", command, str(file), "--json"], obj={"create_app": lambda: app})
        session.expire_all()
        told = json.loads(done.stdout)
        return [(one["row"], one["column"]) for one in told["error"]["details"]] if done.exit_code else told["added"]

    return run


def test_files_of_persons_and_students_say_it(who: Person, session: Session, bring: Callable[..., Any]) -> None:
    cohort = ground.cohort(year=2023)
    code = session.get_one(Programme, cohort.programme_id).code
    assert bring("import-persons", "name,id_number", f"欧阳一,{WRONG}") == [(2, "id_number")]
    head = "student_no,name,id_number,programme_code,cohort_year"
    assert bring("import-students", head, f"2023-1,欧阳一,{WRONG},{code},2023") == [(2, "id_number")]
    assert bring("import-students", head, f"2023-1,欧阳一,{RIGHT},{code},2023") == 1
    assert bring("import-students", head, f"2023-2,单一,{WRONG},{code},2023") == 1
    assert session.scalar(select(func.count(Person.id)).where(Person.name == "欧阳一")) == 1
    assert queries.corrected([queries.hash_of(CARD, WRONG)]) == {}, "it has a holder now"


def test_what_a_stranger_typed_is_nobodys_former_number(session: Session) -> None:
    """Whoever typed name and number of somebody else would keep that human out of every list once corrected."""
    number, right = ground.resident_id(), ground.resident_id()
    facts: dict[str, Any] = {"name": "单小明", "id_type": CARD}
    stranger = operations.register_person(**facts, id_number=number, number_by_holder=True, by=SYSTEM, now=NOW)
    operations.correct_number(person=stranger, id_type=CARD, number=right, reason="已核对证件原件", by=SYSTEM, now=NOW)
    assert operations.register_person(**facts, id_number=number, by=SYSTEM, now=NOW).id != stranger.id
