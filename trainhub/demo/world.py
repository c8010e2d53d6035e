"""What the builder has made so far: handed from one part of the demo to the next."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from trainhub.demo.calendar import Calendar
from trainhub.demo.invented import Invented, people
from trainhub.identity.models import Account
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student, Teacher
from trainhub.programmes.models import Cohort, Programme, ProgrammeVersion


@dataclass
class World:
    """The demo province while it is being built."""

    calendar: Calendar
    scale: int
    by: Identity = SYSTEM
    dice: random.Random = field(default_factory=lambda: random.Random(350000))
    universities: list[Organisation] = field(default_factory=list)
    enterprises: list[Organisation] = field(default_factory=list)
    bases: list[Organisation] = field(default_factory=list)
    departments: dict[str, Organisation] = field(default_factory=dict)
    programmes: list[Programme] = field(default_factory=list)
    versions: dict[int, ProgrammeVersion] = field(default_factory=dict)
    cohorts: dict[tuple[int, int], Cohort] = field(default_factory=dict)
    students: dict[tuple[int, int], list[Student]] = field(default_factory=dict)
    teachers: dict[int, list[Teacher]] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    persons: dict[str, Person] = field(default_factory=dict)
    mentors: list[Any] = field(default_factory=list)
    made: dict[str, Any] = field(default_factory=dict)

    @property
    def day(self) -> date:
        """The day the demo begins."""
        return self.calendar.day

    @property
    def now(self) -> datetime:
        """The instant the demo was built at, by its own calendar."""
        return self.calendar.at(0)

    def row_of_people(self, seed: int, *, age_from: int, age_to: int) -> Iterator[Invented]:
        """Persons between two ages on the demo's day."""
        return people(seed, date(self.day.year - age_to, 1, 1), date(self.day.year - age_from, 12, 28))

    def acting(self, person_id: int) -> Identity:
        """A person of the demo as the one who acts."""
        return Identity(account_id=None, person_id=person_id, name=self.made["person_of"](person_id).name)
