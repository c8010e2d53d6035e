"""The secretary's page of a defence group: the record of each student."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from enterprises.capstones import labels, operations, queries, scheduling
from enterprises.capstones.impartiality import Office
from enterprises.capstones.models import Capstone, DefenceGroup, DefenceSlot
from enterprises.capstones.queries import archive
from enterprises.capstones.queries.defences import read_blind_by
from enterprises.capstones.queries.impartiality import bar_of
from enterprises.capstones.types import Action, Verdict, WindowStage
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._support import group_secretary, load, load_group, load_slot, secretary_subject, sent_thesis, with_upload
from enterprises.capstones.views.grading import times
from enterprises.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import Subject, guard, who
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.web import done
from trainhub.people import queries as people


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
        blind=read_blind_by(who().person_id, [capstone.id for _slot, capstone, *_rest in slots]),
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


# -- the panel ----------------------------------------------------------------------------------------------------------


def load_panel(group_id: int) -> DefenceGroup:
    """The group of an address, once its members have been told of it."""
    found = load_group(group_id)
    if found.published_at is None:
        raise NotFound(_("答辩安排还没有公布。"))
    return found


def panel_subject(row: DefenceGroup) -> Subject:
    """Only the members of the panel."""
    return Subject.of(persons=tuple(member.person_id for member, _name in queries.members_of_group(row.id)))


@blueprint.get("/panels/<int:group_id>")
@guard(Can.REVIEW_SIGN, load=load_panel, subject=panel_subject)
def panel(row: DefenceGroup) -> Any:
    """When and where a member of a panel meets, whom the group hears in which order, and the theses until their record is kept.

    Whose thesis somebody still reads without names is not told.
    """
    slots = queries.slots_of_group(row.id)
    capstones = [capstone for _slot, capstone, *_rest in slots]
    barred = queries.barred_from_each(capstones, Office.PANEL)
    return render_template(
        "enterprises/capstones/panel.html",
        group=row,
        members=queries.members_of_group(row.id),
        secretary=people.names_of({row.secretary_id})[row.secretary_id],
        slots=slots,
        titles=queries.titles_of([capstone.id for capstone in capstones]),
        secret=queries.confidential_among(capstone.id for capstone in capstones),
        away={capstone.id for capstone in capstones if who().person_id in barred[capstone.id]},
        blind=read_blind_by(who().person_id, [capstone.id for capstone in capstones]),
        clock_of=scheduling.clock_of,
    )


def load_heard(slot_id: int) -> DefenceSlot:
    """The place of an address, in a timetable that is published."""
    found = load_slot(slot_id)
    load_panel(found.group_id)
    return found


@blueprint.get("/defences/slots/<int:slot_id>/thesis")
@guard(Can.REVIEW_SIGN, load=load_heard, subject=lambda row: panel_subject(load_group(row.group_id)))
def heard_thesis(row: DefenceSlot) -> Any:
    """The thesis for a member of its panel until the record is kept, confidential or not: it is read by this task.

    Nothing for who must stay away, and with names for nobody who still reads it without.
    """
    capstone = load(row.capstone_id)
    if read_blind_by(who().person_id, [capstone.id]):
        raise NotFound(_("这篇论文还等你盲评，请先签署盲评：签署后才显示学生的姓名，并可以阅读署名的论文。"))
    if row.recorded_at is not None or bar_of(capstone, who().person_id, Office.PANEL) is not None:
        raise NotFound(_("这篇论文的答辩已登记，或者你须回避这名学生，不能阅读。"))
    return sent_thesis(capstone, capstone.thesis_file_id)
