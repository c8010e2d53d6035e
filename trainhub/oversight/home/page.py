"""The first page of a person: one panel for each kind of role they hold, and everything to do in one list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from trainhub.kernel.access import Identity, Role
from trainhub.oversight.home.panels import claims, hosts, issuing, judging, learners, province, school, system, teachers
from trainhub.oversight.home.types import Panel, Todo

PANELS: tuple[tuple[tuple[Role, ...], Callable[[Identity, date], Panel]], ...] = (
    ((Role.STUDENT,), learners.student),
    ((Role.TRAINEE,), learners.trainee),
    ((Role.MENTOR,), teachers.mentor),
    ((Role.LECTURER,), teachers.lecturer),
    ((Role.SCHOOL_SUPERVISOR,), teachers.supervisor),
    (hosts.ROLES, hosts.host),
    (school.ROLES, school.school),
    ((Role.PREFECTURE_OPERATOR,), province.city),
    (province.DEPARTMENTS, province.department),
    ((Role.EXPERT,), province.expert),
    ((Role.INSPECTOR, Role.AUDITOR), province.watcher),
    ((Role.SYSTEM_ADMIN,), system.admin),
)
"""By role what is shown, in the order of the page: one's own things before what one answers for."""


@dataclass(frozen=True, slots=True)
class HomePage:
    """What there is to do, the most urgent first, and the panels below it."""

    todos: list[Todo]
    panels: list[Panel]


def of(identity: Identity, today: date) -> HomePage:
    """The first page of a person on a day."""
    panels = [make(identity, today) for roles, make in PANELS if identity.has(*roles)]
    asked = [*issuing.todos(identity), *judging.todos(identity, today), *claims.todos(identity, today)]
    return HomePage(merged([*(todo for panel in panels for todo in panel.todos), *asked]), panels)


def merged(todos: object) -> list[Todo]:
    """Every todo once (two roles may ask for the same), the urgent ones first, then by deadline."""
    seen: dict[tuple[str, str], Todo] = {}
    for todo in todos:  # type: ignore[attr-defined]
        seen.setdefault((str(todo.text), todo.url), todo)
    return sorted(seen.values(), key=lambda one: (one.urgency, one.until or date.max))
