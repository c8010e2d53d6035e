"""What is known of an enterprise when an incentive is judged: figures by key and year, and what it was awarded. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from enterprises.awards.types import TOTAL_KEYS, YEARLY_KEYS, EarlierAward
from trainhub.policy.findings import Finding, Status, to_judge
from trainhub.policy.types import Clause


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of an enterprise: the latest value by (key, year); year 0 for what has no year.

    A figure of one year (`types.YEARLY_KEYS`) answers for that year alone; of one that is added up (`TOTAL_KEYS`) the latest up to the year
    asked about holds, so that no cap over all years is missed; any other is of no year.
    """

    values: Mapping[tuple[str, int], int]
    year: int
    entered: Mapping[tuple[str, int], date] = field(default_factory=dict)
    """The day of each entry, where it matters what came after it."""

    by_applicant: frozenset[tuple[str, int]] = frozenset()
    """Of `types.ASSESSED_KEYS` those that nobody entered for an office."""

    def get(self, key: str, year: int | None = None) -> int | None:
        """The value that holds for the year asked for (default: the year of the question)."""
        asked = self.year if year is None else year
        if key in TOTAL_KEYS:
            return self.values.get((key, max((when for name, when in self.values if name == key and when <= asked), default=0)))
        found = self.values.get((key, asked))
        return self.values.get((key, 0)) if found is None and key not in YEARLY_KEYS else found

    def received(self, key: str, given: Sequence[EarlierAward], year: int | None = None) -> int:
        """Fen received in all, of one year or (None: also of a year after the one asked about) of any: an entry holds what was awarded here before
        its day, what was decided that day or later is added; never less than all that was awarded here."""
        sums = [sum(one.amount_fen or 0 for one in given)]
        for (name, of), value in self.values.items():
            if name == key and year in (None, of):
                day = self.entered.get((name, of))
                later = [one for one in given if day is not None and one.decided_on is not None and one.decided_on >= day]
                sums.append(value + sum(one.amount_fen or 0 for one in later))
        return max(sums)

    def history(self, key: str) -> dict[int, int]:
        """Every known year of a figure."""
        return {year: value for (name, year), value in self.values.items() if name == key and year}


def assessed(figures: Figures, key: str, code: str, required: str, clause: Clause) -> Finding:
    """Whether an office entered what the sentence wants assessed; what who applies entered goes to a person."""
    if (key, figures.year) not in figures.by_applicant:
        return Finding(code, Status.MET, required, required, clause)
    details = ("由申请单位登记：由人核对核定文件并写明；也可由设区市或省级部门按核定文件重新登记。",)
    return to_judge(code, clause, required=required, details=details)


@dataclass(frozen=True, slots=True)
class CompanyCase:
    """Everything the incentives ask of an enterprise; `figures` hold those of `project` where one is asked about."""

    name: str
    figures: Figures
    credit_status: str = ""
    earlier: tuple[EarlierAward, ...] = ()
    project: str = ""
    project_number: str = ""
    is_closed: bool = False
    is_internet: bool = True
    is_in_fujian: bool | None = True
    """None: the enterprise has no region."""
    is_of_fujian: bool = False
    """Registered in Fujian by its code, whatever region was entered."""
