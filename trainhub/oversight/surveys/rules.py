"""What an answer must fulfil. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

from trainhub.oversight.surveys.types import ANSWERED_WORK, GraduateFigures, GraduateStatus, PayBand, ProgrammeFigures
from trainhub.programmes.types import DegreeLevel

MOST_PERSONS = 1_000_000
MOST_PAY_YUAN = 1_000_000


@dataclass(frozen=True, slots=True)
class Demand:
    """One enterprise in one key field, in persons; see `models.DemandAnswer`."""

    key_field_no: int
    staff: int = 0
    staff_senior: int = 0
    staff_outside: int = 0
    mean_pay_yuan: int | None = None
    needed_managers: int = 0
    needed_engineers: int = 0
    needed_skilled: int = 0
    needed_three_years: int = 0
    level: DegreeLevel = DegreeLevel.BACHELOR
    hard_posts: str = ""

    @property
    def next_year(self) -> int:
        """Needed next year, of the three kinds together."""
        return self.needed_managers + self.needed_engineers + self.needed_skilled

    @property
    def is_empty(self) -> bool:
        """Nothing was said of this field."""
        return not any(getattr(self, one.name) for one in fields(self) if one.name not in ("key_field_no", "level"))


def problems(answer: Demand) -> list[str]:
    """Which parts contradict each other, as codes: senior, outside, three_years, pay, size."""
    found = []
    if answer.staff_senior > answer.staff:
        found.append("senior")
    if answer.staff_outside > answer.staff:
        found.append("outside")
    if answer.needed_three_years < answer.next_year:
        found.append("three_years")
    if answer.mean_pay_yuan is not None and not (0 < answer.mean_pay_yuan <= MOST_PAY_YUAN and answer.staff > 0):
        found.append("pay")
    if max(answer.staff, answer.needed_three_years) > MOST_PERSONS:
        found.append("size")
    return found


# -- graduates ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """One graduate's answer without who it is."""

    status: GraduateStatus
    pay: PayBand
    satisfaction: int | None
    is_in_field: bool | None
    is_in_fujian: bool | None
    programme: str
    university: str

    @property
    def works(self) -> bool:
        """Employed, or with a business of their own."""
        return self.status in ANSWERED_WORK


def sum_up(answers: Sequence[Said]) -> GraduateFigures:
    """The figures of the reports."""
    working = [one for one in answers if one.works]
    counts = Counter((one.programme, one.university) for one in answers)
    at_work = Counter((one.programme, one.university) for one in working)
    return GraduateFigures(
        answered=len(answers),
        status=Counter(one.status for one in answers),
        pay=Counter(one.pay for one in working),
        satisfaction=Counter(one.satisfaction for one in answers if one.satisfaction is not None),
        in_field=_yes(one.is_in_field for one in working),
        in_fujian=_yes(one.is_in_fujian for one in working),
        programmes=[ProgrammeFigures(*key, count, at_work[key]) for key, count in sorted(counts.items())],
    )


def _yes(values: Iterable[bool | None]) -> tuple[int, int]:
    told = [value for value in values if value is not None]
    return sum(told), len(told)


def without_small(figures: GraduateFigures, least: int) -> GraduateFigures:
    """The figures to keep: of a programme with fewer answers than `least`, which no report tells, not what they were."""
    programmes = [one if one.answered >= least else replace(one, working=None) for one in figures.programmes]
    return replace(figures, programmes=programmes)
