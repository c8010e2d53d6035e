"""What people tell the pages of organisations and programmes, which stand below and do not know them."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for

from trainhub.kernel.access import Identity, may
from trainhub.kernel.i18n import _
from trainhub.organisations.models import Organisation
from trainhub.organisations.queries import subject_of
from trainhub.organisations.types import SCHOOLS
from trainhub.people import queries
from trainhub.people.models import Person, Student
from trainhub.people.permissions import Can

STUDENT_PANELS = "trainhub.people.student_panels"
"""Rooms put functions (student, identity) -> panel or None here: what they know of a student (recognised credits)."""
DOORS = "trainhub.people.doors"
"""Parts above put functions (person, identity) -> (label, address, icon) or None here: where the page of a person leads (their account)."""

LIST_DOORS = "trainhub.people.list_doors"
"""The same for a list of students or teachers: functions (kind, identity, programme id, year) -> (label, address, icon) or None."""


def doors_of_list(kind: str, identity: Identity, *, programme_id: int | None = None, year: int | None = None) -> list[tuple[str, str, str]]:
    """Where a list leads this reader, narrowed to a programme and a year or not."""
    asked = [door(kind, identity, programme_id, year) for door in current_app.extensions.get(LIST_DOORS, [])]
    return [answer for answer in asked if answer]


def doors_of(person: Person, identity: Identity) -> list[tuple[str, str, str]]:
    """Where the pages of a person lead this reader."""
    asked = [door(person, identity) for door in current_app.extensions.get(DOORS, [])]
    return [answer for answer in asked if answer]


def panels_of_student(student: Student, identity: Identity) -> list[dict[str, Any]]:
    """What the rooms above know of a student: each is asked once, and answers None when it has nothing to say."""
    asked = [panel(student, identity) for panel in current_app.extensions.get(STUDENT_PANELS, [])]
    return [answer for answer in asked if answer]


def school_panel(organisation: Organisation, identity: Identity) -> dict[str, Any] | None:
    """The counts of a school, for those who may see its students."""
    if organisation.kind not in SCHOOLS or not may(identity, Can.STUDENT_VIEW, subject_of(organisation)):
        return None
    programmes, students, teachers = queries.counts_at(organisation.id)
    return {
        "title": _("专业与人员"),
        "items": [(_("专业点"), programmes), (_("在册学生"), students), (_("教师"), teachers)],
        "link": (_("查看学生"), url_for("people.students", university=organisation.id)),
    }
