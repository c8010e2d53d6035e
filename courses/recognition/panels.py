"""What credit recognition tells a student's page, which stands below and does not know it."""

from __future__ import annotations

from typing import Any

from flask import url_for

from courses.permissions import RECOGNITION_READERS, Can
from courses.recognition import queries
from trainhub.kernel.access import Identity, may
from trainhub.kernel.i18n import _
from trainhub.people.models import Student


def student_panel(student: Student, identity: Identity) -> dict[str, Any] | None:
    """The recognised courses of a student with their credits, for those who may see them."""
    subject = queries.subject_of_programme(student.programme_id)
    if not may(identity, Can.RECOGNITION_VIEW, subject):
        return None
    credits = queries.recognised([student.id]).get(student.id, [])
    if not credits:
        return None
    lines = [
        (f"{one.name}（{one.code}）", _("%(credits)s 学分，依据 %(source)s", credits=f"{one.credits_x10 / 10:g}", source=one.source))
        for one in credits
    ]
    is_reader = identity.has(*RECOGNITION_READERS)
    return {
        "title": _("已认定学分"),
        "items": [*lines, (_("合计"), _("%(credits)s 学分", credits=f"{sum(one.credits_x10 for one in credits) / 10:g}"))],
        "link": (_("学分认定"), url_for("recognition.index", q=student.student_no)) if is_reader else None,
    }
