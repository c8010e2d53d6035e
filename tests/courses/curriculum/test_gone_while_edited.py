"""A form whose course or offering goes while it is saved is answered in words: there is nothing left that it could be drawn of."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event
from time import monotonic, sleep
from typing import Any

import pytest
from flask import Flask

from courses.curriculum import operations, queries
from courses.curriculum.types import AssessmentKind
from courses.standards import operations as standards
from courses.teaching import correcting
from courses.teaching import operations as teaching
from courses.teaching.models import Offering
from tests.courses.curriculum.test_operations import course
from tests.factories import ground
from tests.factories.identity import signed_in_client
from tests.factories.parallel import waiting
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, is_postgresql, session, transaction

W: dict[str, Any] = {"by": SYSTEM, "now": ground.NOW}
FIRST = date(2025, 9, 8)
FACTS = {"name": "新名称", "category": "specialty", "importance": "ordinary", "term": "5", "hours": "32", "credits": "2", "language": "zh"}
FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "course": ("/curriculum/{version}/courses/{course}/edit", FACTS),
    "objective": ("/curriculum/{version}/courses/{course}/objectives/{objective}", {"text": "能够设计"}),
    "assessment": ("/curriculum/{version}/courses/{course}/assessments/{item}", {"kind": "exam", "title": "考试", "weight_percent": "70"}),
    "numbers": ("/teaching/programmes/{programme}/offerings/{offering}/takers", {"numbers": "{number}"}),
    "ticks": ("/teaching/programmes/{programme}/offerings/{offering}/takers", {"shown": "{student}", "on": "{student}"}),
    "correction": ("/teaching/programmes/{programme}/offerings/{offering}/correct", {"first_teaching_on": "2025-09-09", "reason": "误填"}),
}


def _world(is_offered: bool) -> dict[str, Any]:
    programme = ground.programme()
    version, cohort = ground.version(programme), ground.cohort(programme)
    cohort.version_id = version.id
    row = course(version, is_optional=True)
    student = ground.student(programme, year=cohort.year)
    facts: dict[str, Any] = {"course": row, **W}
    return {
        "programme_id": programme.id,
        "programme": programme.code,
        "version": version.id,
        "course": row.id,
        "objective": operations.add_objective(text="能够分析", **facts).id,
        "item": operations.add_assessment(kind=AssessmentKind.EXAM, weight_percent=60, **facts).id,
        "student": student.id,
        "number": student.student_no,
        "offering": teaching.offer_course(cohort=cohort, first_teaching_on=FIRST, **facts).id if is_offered else 0,
    }


@pytest.mark.parametrize("what", FORMS)
def test_a_form_whose_subject_goes_while_it_is_saved(committed: Flask, what: str) -> None:
    is_offered = what in ("numbers", "ticks", "correction")
    with committed.app_context():
        with transaction():
            at = _world(is_offered)
        committed.config["WTF_CSRF_ENABLED"] = False
        client = signed_in_client(committed, Role.PROGRAMME_ADMIN, programme_id=at["programme_id"])
        db.session.remove()
    address, sent = FORMS[what]
    address, sent = address.format(**at), {name: text.format(**at) for name, text in sent.items()}
    gone = Event()

    def remove() -> None:
        with committed.app_context():
            with transaction():
                if is_offered:
                    correcting.take_back_offering(offering=session().get_one(Offering, at["offering"]), reason="误排", **W)
                else:
                    row = queries.course(at["course"])
                    assert row is not None
                    standards.remove_course(course=row, reason="误加", **W)
                gone.set()
                ends = monotonic() + (5 if is_postgresql() else 0.5)
                while monotonic() < ends and not waiting():
                    sleep(0.05)
            db.session.remove()

    def save() -> Any:
        gone.wait(10)
        return client.post(address, data=sent)

    with ThreadPoolExecutor(2) as pool:
        removed, answer = pool.submit(remove), pool.submit(save).result()
        removed.result()
    with committed.app_context():
        wanted = (409, 422) if is_postgresql() else (404,)  # one writer at a time: the page already finds none
    assert answer.status_code in wanted
    assert "刚" in answer.get_data(as_text=True) or answer.status_code == 404
