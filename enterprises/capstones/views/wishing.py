"""The student's wishes for both supervisors."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from enterprises.capstones import labels, operations, queries
from enterprises.capstones.models import Capstone
from enterprises.capstones.types import SupervisorRole
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._support import load
from enterprises.capstones.views.grading import times
from enterprises.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import keys_of
from trainhub.kernel.web import done
from trainhub.people import queries as people
from trainhub.people.models import Person
from trainhub.policy.book import book


@blueprint.get("/<int:capstone_id>/wishes")
@guard(Can.CAPSTONE_SUBMIT, load=load, subject=queries.student_subject)
def wishes(row: Capstone) -> Any:
    """Who could supervise on either side, and whom the student would like."""
    return _wishes_page(row)


def _wishes_page(row: Capstone, problem: str = "", status: int = 200) -> Any:
    today = clock.today()
    held = {s.role: name for s, name in queries.supervisions_of(row.id) if s.until is None}
    mine = {role: [wish.person_id for wish in queries.wishes_of(row.id, role)] for role in SupervisorRole}
    html = render_template(
        "enterprises/capstones/wishes.html",
        capstone=row,
        title=queries.title_of(row),
        sides=[(role, held.get(role), queries.wishable(row, role, today), mine[role]) for role in SupervisorRole],
        names=people.names_of({key for keys in mine.values() for key in keys}),
        most=book().at("own.capstone.wishes_max", on=today).number,
        labels=labels,
        problem=problem,
    )
    return html, status


@blueprint.post("/<int:capstone_id>/wishes/<any(school, enterprise):side>")
@guard(Can.CAPSTONE_SUBMIT, load=lambda capstone_id, side: (load(capstone_id), side), subject=lambda pair: queries.student_subject(pair[0]))
def save_wishes(pair: tuple[Capstone, str]) -> Any:
    """Save the wishes for one side; an empty list takes them back."""
    key, role = pair[0].id, SupervisorRole(pair[1])
    wanted = keys_of(request.form.getlist("person_id"))
    try:
        with transaction():
            known = {person_id for person_id in wanted if session().get(Person, person_id) is not None}
            operations.save_wishes(capstone=load(key), role=role, person_ids=[one for one in wanted if one in known], **times())
    except Refused as refused:
        return _wishes_page(load(key), refused.message, refused.status)
    return done(_("导师志愿已保存；安排导师时会参考，指派以前可以修改。"), "capstones.wishes", capstone_id=key)
