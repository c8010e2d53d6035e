"""A roster whose columns 姓名 and 课程 are swapped over the whole file is noticed; one that only looks a little like it is imported."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.trainhub.ledger.conftest import NOW
from tests.trainhub.ledger.rosters import read, row, write
from trainhub.kernel.access import SYSTEM
from trainhub.ledger import operations
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.rosters import swapping
from trainhub.organisations.models import Organisation

Command = Callable[..., dict[str, Any]]


def _lines(persons: int, *, name: str | None = "电子商务运营", course: str | None = None, start: int = 1) -> list[dict[str, str]]:
    """A file in which the columns are swapped, unless told otherwise."""
    return [row(n, name=name or f"林学员{n}", course=course or f"林学员{n}") for n in range(start, start + persons)]


def _taken(result: dict[str, Any]) -> tuple[int, int, int]:
    return result["exit_code"], result["accepted"], result["rejected"]


@pytest.mark.parametrize(("persons", "is_swapped"), [(9, False), (10, True), (11, True)])
def test_a_name_that_stands_for_ten_persons_with_a_course_each_is_a_course(
    command: Command, session: Session, bases: dict[str, int], tmp_path: Path, persons: int, is_swapped: bool
) -> None:
    file = write(tmp_path / "r.csv", _lines(persons))
    assert command("trainees", "import", file, "--dry-run")["rejected"] == (persons if is_swapped else 0)
    assert _taken(command("trainees", "import", file)) == ((0, 0, persons) if is_swapped else (0, persons, 0))
    assert session.scalar(select(func.count()).select_from(TrainingRecord)) == (0 if is_swapped else persons)
    if is_swapped:
        [said] = {line["problem"] for line in read(tmp_path / "r.csv.rejected.csv")}
        assert "“姓名”与“课程”两列填反了" in said
        assert command("trainees", "import", file, "--strict")["exit_code"] == 1


@pytest.mark.parametrize(
    ("courses", "persons", "is_swapped"),
    [(5, 7, True), (4, 3, True), (3, 3, False), (5, 2, False), (2, 5, True)],
)
def test_a_swapped_file_of_few_persons_for_each_course_is_noticed(
    command: Command, bases: dict[str, int], tmp_path: Path, courses: int, persons: int, is_swapped: bool
) -> None:
    """Three persons and more for a course, ten and more in the file."""
    rows = [line for n in range(courses) for line in _lines(persons, name=f"课程{n}", start=1 + n * persons)]
    result = command("trainees", "import", write(tmp_path / "r.csv", rows))
    assert _taken(result) == ((0, 0, len(rows)) if is_swapped else (0, len(rows), 0))


@pytest.mark.parametrize(("right", "is_swapped"), [(21, False), (20, False), (19, True)])
def test_more_than_half_of_the_rows_make_it_the_whole_file(
    command: Command, bases: dict[str, int], tmp_path: Path, right: int, is_swapped: bool
) -> None:
    rows = _lines(20) + _lines(right, name=None, course="电子商务运营", start=100)
    result = command("trainees", "import", write(tmp_path / "r.csv", rows))
    assert _taken(result) == ((0, 0, 20 + right) if is_swapped else (0, 20 + right, 0))


def test_namesakes_of_one_course_are_persons(command: Command, bases: dict[str, int], tmp_path: Path) -> None:
    rows = _lines(30, name="陈静", course="电子商务运营")
    assert _taken(command("trainees", "import", write(tmp_path / "r.csv", rows))) == (0, 30, 0)


def test_one_person_of_many_courses_is_a_person(command: Command, bases: dict[str, int], tmp_path: Path) -> None:
    rows = [row(1, name="陈静", course=f"课程{n}") for n in range(30)]
    assert _taken(command("trainees", "import", write(tmp_path / "r.csv", rows))) == (0, 30, 0)


def test_a_registered_course_in_the_column_of_names_is_noticed_in_a_single_row(
    command: Command, base: Organisation, session: Session, tmp_path: Path
) -> None:
    operations.register_course(organisation_id=base.id, title="电子商务运营", since=date(2015, 1, 1), by=SYSTEM, today=NOW.date(), now=NOW)
    session.commit()
    rows = [*_lines(1), *_lines(2, name=None, course="电子商务运营", start=5)]
    assert _taken(command("trainees", "import", write(tmp_path / "r.csv", rows))) == (0, 2, 1)
    [line] = read(tmp_path / "r.csv.rejected.csv")
    assert (line["row"], line["column"], "已登记的课程名称" in line["problem"]) == ("2", "name", True)
    again = command("trainees", "import", write(tmp_path / "s.csv", _lines(3, start=20)))
    assert _taken(again) == (0, 0, 3)  # three are too few to be told by their numbers, the course tells it
    assert "两列填反了" in read(tmp_path / "s.csv.rejected.csv")[0]["problem"]


def test_an_empty_file_is_not_swapped() -> None:
    assert swapping.is_swapped([], []) is False
