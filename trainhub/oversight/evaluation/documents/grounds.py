"""What the generated materials are drawn from: the programme, the plans of the judged cohorts, the teachers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Any

from courses.teaching import queries as teaching
from trainhub.oversight.evaluation.documents import matrices
from trainhub.oversight.evaluation.queries.members import Members, members_of
from trainhub.oversight.evaluation.queries.plans import followed, named
from trainhub.programmes.models import Programme


class DrawnPlan:
    """One plan of a dossier. `name` tells it from the others: empty where there is one."""

    def __init__(self, drawn: Ground, version_id: int, name: str, cohort_years: Sequence[int]) -> None:
        self.of, self.version_id, self.name, self.cohort_years = drawn, version_id, name, cohort_years

    @cached_property
    def matrix(self) -> matrices.Matrices:
        """Both matrices."""
        return matrices.of_version(self.version_id)

    def titled(self, text: str) -> str:
        """A title that says whose plan it is, where there are several."""
        return f"{text}（{self.name}）" if self.name else text


class Ground:
    """What the generated materials of a programme are drawn from on a day; what several of them need is asked once."""

    def __init__(self, programme: Programme, on: date) -> None:
        self.programme, self.on = programme, on

    @cached_property
    def members(self) -> Members:
        """Who is judged."""
        return members_of(self.programme.id, self.on)

    @cached_property
    def plans(self) -> tuple[DrawnPlan, ...]:
        """The plans of the judged cohorts, the oldest cohort first, as the findings judge them: each cohort by its own."""
        years = followed(self.programme.id, self.members, self.on)
        return tuple(DrawnPlan(self, key, named(mine, years), mine) for key, mine in years.items())

    @cached_property
    def staff(self) -> list[tuple[Any, Any]]:
        """Teachers with their persons."""
        return teaching.staff_of_programme(self.programme.id, self.on)
