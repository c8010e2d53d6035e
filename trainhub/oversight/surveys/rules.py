"""What an answer must fulfil. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields

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
