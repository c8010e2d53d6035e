"""A file of persons comes twice and changes nothing, also where nobody has the number of a document."""

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
from trainhub.cli import main
from trainhub.people.models import Person
from trainhub.people.types import Gender, IdType

HEAD = "name,id_number,birth_on,phone,email,gender\n"
Bring = Callable[..., Any]


@pytest.fixture
def bring(app: Flask, session: Session, tmp_path: Path) -> Bring:
    """(added, changed, unchanged) of rows; what is wrong as (row, column) where the file is refused."""

    def run(*rows: str, status: int = 0) -> Any:
        file = tmp_path / "persons.csv"
        file.write_text(HEAD + "".join(row + "\n" for row in rows), encoding="utf-8")
        session.commit()
        done = CliRunner().invoke(main, ["people", "import-persons", str(file), "--json"], obj={"create_app": lambda: app})
        assert done.exit_code == status, done.output
        session.expire_all()
        told = json.loads(done.stdout)
        return [(one["row"], one["column"]) for one in told["error"]["details"]] if status else (told["added"], told["changed"], told["unchanged"])

    return run


def count(session: Session, name: str) -> int:
    """How many persons bear a name."""
    return session.scalar(select(func.count(Person.id)).where(Person.name == name)) or 0


def test_a_row_without_a_number_is_known_by_name_birth_date_and_a_contact(bring: Bring, session: Session) -> None:
    rows = ("林一,,1990-01-01,13800138000,,", "林二,,1990-01-02,,lin@example.edu.cn,")
    assert bring(*rows) == (2, 0, 0)
    assert bring(*rows) == (0, 0, 2)
    assert bring("林一,,1990-01-01,138****8000,,") == (0, 0, 1), "as an export shows it"
    assert bring("林一,,1990-01-01,13800138000,yi@example.edu.cn,") == (0, 1, 0)
    assert bring("林一,,1990-01-01,13900000000,yi@example.edu.cn,") == (0, 1, 0), "one of the two is enough"
    assert bring("林一,,1990-01-02,13900000000,,", "林一,,1990-01-01,13911111111,,") == (2, 0, 0), "another birth date, another contact"
    assert (count(session, "林一"), count(session, "林二")) == (3, 1)


@pytest.mark.parametrize(("row", "column"), [("林一,,,13800138000,,", "birth_on"), ("林一,,1990-01-01,,,", "phone"), ("林一,,,,,", "birth_on")])
def test_without_them_it_is_refused(bring: Bring, session: Session, row: str, column: str) -> None:
    assert bring(row, status=1) == [(2, column)]
    assert count(session, "林一") == 0


def test_who_is_named_twice_is_told(bring: Bring, session: Session) -> None:
    assert bring("林一,,1990-01-01,13800138000,,", "林一,,1990-01-01,13800138000,a@b.cn,", status=1) == [(3, "name")]
    for _n in range(2):
        ground.person("林三", id_type=None, birth_on=date(1990, 1, 3), phone="13800138003")
    assert bring("林三,,1990-01-03,13800138003,,", status=1) == [(2, "name")]


def test_a_merged_row_is_nobody_and_a_number_says_who_it_is(bring: Bring, session: Session) -> None:
    stays = ground.person("林四", id_type=IdType.RESIDENT_ID, id_number=ground.resident_id(date(1990, 1, 4)), phone="13800138004")
    gone = ground.person("林四", id_type=None, birth_on=date(1990, 1, 4), phone="13800138004")
    gone.merged_into_id = stays.id
    assert bring("林四,,1990-01-04,13800138004,,") == (0, 0, 1)


def test_a_slip_in_the_gender_changes_nobody_whose_card_says_it(bring: Bring, session: Session) -> None:
    number = ground.resident_id(date(1990, 1, 5), order=12)
    row = f"林五,{number},,,,男"
    assert bring(row) == (1, 0, 0)
    assert bring(row) == (0, 0, 1)
    assert session.scalars(select(Person.gender).where(Person.name == "林五")).one() is Gender.FEMALE
