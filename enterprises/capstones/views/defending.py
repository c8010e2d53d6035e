"""The secretary's page of a defence group: the record of each student."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from enterprises.capstones import labels, operations, queries, scheduling
from enterprises.capstones.impartiality import Office
from enterprises.capstones.models import Capstone, DefenceGroup, DefenceSlot
from enterprises.capstones.queries import archive
from enterprises.capstones.types import Action, Verdict, WindowStage
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._support import group_secretary, load_group, load_slot, secretary_subject, with_upload
from enterprises.capstones.views.grading import times
from enterprises.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.web import done


@blueprint.get("/defences/<int:group_id>")
@guard(Can.REVIEW_SIGN, load=load_group, subject=group_secretary)
def defence(row: DefenceGroup) -> Any:
    """The secretary's page of a group."""
    return _defence_page(row)


def _against_record(capstone: Capstone) -> str:
    """Why the secretary cannot keep the record of a student today; empty when nothing stands against it."""
    found = (
        operations.against_state(capstone, Action.DEFEND)
        or operations.against_window(capstone, WindowStage.DEFENCE, clock.now())
        or operations.against_defence(capstone)
    )
    return found.message if found is not None else ""


def _defence_page(row: DefenceGroup, problem: str = "", status: int = 200, typed_at: int | None = None) -> Any:
    """The page; `typed_at`: the place whose record was refused, shown again as it was typed."""
    slots = queries.slots_of_group(row.id)
    html = render_template(
        "enterprises/capstones/defence.html",
        group=row,
        members=queries.members_of_group(row.id),
        slots=slots,
        files=archive.files_by_ids(slot.file_id for slot, *_rest in slots if slot.file_id is not None),
        secret=queries.confidential_among(capstone.id for _slot, capstone, *_rest in slots),
        titles={capstone.id: queries.title_of(capstone) for _slot, capstone, _student, _person in slots},
        clock_of=scheduling.clock_of,
        labels=labels,
        today=clock.today(),
        barred=queries.barred_from_each([capstone for slot, capstone, *_rest in slots if slot.recorded_at is None], Office.PANEL),
        against={slot.id: words for slot, capstone, *_rest in slots if slot.id != typed_at and (words := _against_record(capstone))},
        typed_at=typed_at,
        problem=problem,
    )
    return html, status


@blueprint.post("/defences/slots/<int:slot_id>")
@guard(Can.REVIEW_SIGN, load=load_slot, subject=secretary_subject)
def record_defence(row: DefenceSlot) -> Any:
    """The secretary's record of one student."""
    key, group_id = row.id, row.group_id
    panel = [member.person_id for member, _name in queries.members_of_group(group_id)]
    scores = {person: value for person in panel if (value := request.form.get(f"score-{person}", type=whole)) is not None}
    verdict = next((v for v in Verdict if v.value == request.form.get("verdict")), None)

    def act(file_id: int | None) -> None:
        if verdict is None:
            raise Refused(_("请选择答辩结论。"), field="verdict")
        questions = request.form.get("questions", "")
        operations.record_defence(slot=load_slot(key), scores=scores, questions=questions, verdict=verdict, file_id=file_id, **times())

    try:
        with_upload(request.files.get("file"), "capstone", act)
    except Refused as refused:
        return _defence_page(load_group(group_id), refused.message, refused.status, key)
    return done(_("答辩记录已签名。"), "capstones.defence", group_id=group_id)
