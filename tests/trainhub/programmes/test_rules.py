"""How long a programme takes, and when a cohort is expected to end."""

from __future__ import annotations

from datetime import date

import pytest

from trainhub.policy.book import book
from trainhub.programmes.rules import STUDY_YEARS, expected_end, study_years
from trainhub.programmes.types import DegreeLevel

ON = date(2026, 3, 2)
USUAL = {level: int(book().at(key, on=ON).number) for level, key in STUDY_YEARS.items()}


def test_every_level_has_its_usual_years() -> None:
    assert set(USUAL) == set(DegreeLevel)
    assert (USUAL[DegreeLevel.VOCATIONAL], USUAL[DegreeLevel.BACHELOR]) == (3, 4)


@pytest.mark.parametrize(
    ("level", "own", "end"),
    [
        (DegreeLevel.VOCATIONAL, None, date(2026, 6, 30)),
        (DegreeLevel.BACHELOR, None, date(2027, 6, 30)),
        (DegreeLevel.BACHELOR, 5, date(2028, 6, 30)),
        (DegreeLevel.VOCATIONAL, 2, date(2025, 6, 30)),
        (DegreeLevel.MASTER, None, date(2026, 6, 30)),
        (DegreeLevel.DOCTOR, None, date(2027, 6, 30)),
    ],
)
def test_a_programme_says_its_years_or_takes_those_of_its_level(level: DegreeLevel, own: int | None, end: date) -> None:
    assert expected_end(date(2023, 9, 1), years=study_years(level, own, USUAL)) == end
