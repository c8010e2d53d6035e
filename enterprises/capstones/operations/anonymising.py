"""A thesis without names, for who reads it blind: handed in by the student, or made by who runs a spot check; looked through when it comes in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from enterprises.capstones import anonymity, queries
from enterprises.capstones.models import Capstone, CapstonePaper, SpotItem
from enterprises.capstones.operations._support import CapstoneRefused, demand, demand_person, demand_room, tell
from enterprises.capstones.queries.anonymous import anonymous_of, thesis_paper
from enterprises.capstones.types import Action, ReviewKind
from trainhub.kernel import audit, files
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import N_, _, listed
from trainhub.people.models import Person, Student

TOLD_WANTED = N_("你的论文将盲评：请提交不含姓名、学号的匿名稿，评阅人只看匿名稿")
TOLD_THERE = N_("你盲评的毕业设计论文的匿名稿已提交，可以评阅")


def demand_anonymising(capstone: Capstone, by: Identity) -> None:
    """Refuse who hands in no version without names of this capstone, at whatever stage. Raises WrongPerson."""
    demand_person(capstone, Action.ANONYMISE, by)


def hand_in_anonymous(*, capstone: Capstone, file_id: int, is_other: bool = False, by: Identity, now: datetime) -> CapstonePaper:
    """Hand in the version of the thesis without names; it belongs to the version of the thesis that is in.

    Refused when the author's name or number stands in its metadata, or in its text unless somebody says that it is another one's
    (`is_other`: a namesake among the references). Not after a blind reviewer has signed. The blind reviewers who wait are told.
    Raises WrongPerson, WrongState, CapstoneRefused.
    """
    demand(capstone, Action.ANONYMISE, by)
    paper = thesis_paper(capstone.id)
    assert paper is not None
    blind = [row for row, _name in queries.reviews_of(capstone.id) if row.kind is ReviewKind.BLIND and row.cancelled_at is None]
    if paper.anonymous_file_id is not None and any(row.signed_at is not None for row in blind):
        raise CapstoneRefused(_("盲评人已就现在的匿名稿签署意见，不能再更换。"), field="file", code="frozen")
    demand_room(capstone, file_id, now)
    paper.anonymous_said = said = look_through(capstone, file_id, is_other=is_other)
    paper.anonymous_file_id = file_id
    session().flush()
    audit.record(by=by, did="capstones.anonymous.handed_in", on=capstone, data={"paper": paper.id, "file": file_id, **said})
    tell(
        person_ids=[row.person_id for row in blind if row.signed_at is None],
        kind="capstones.review",
        message=TOLD_THERE,
        values={},
        url="/capstones/tasks",
        unique_key=f"capstones.anonymous:{capstone.id}:{file_id}",
        now=now,
    )
    return paper


def supply_anonymous(*, item: SpotItem, file_id: int, is_other: bool = False, by: Identity, now: datetime) -> SpotItem:
    """Give a thesis of a sample its version without names where the student has handed in none; looked through in the same way.

    Not after an expert was asked: all read the same. Raises CapstoneRefused.
    """
    session().refresh(item, with_for_update={"key_share": True})
    capstone = session().get_one(Capstone, item.capstone_id)
    if queries.is_void(item.check_id):
        raise CapstoneRefused(_("这次抽检已作废，不再评议。"), code="void")
    if (item.anonymous_file_id or anonymous_of(capstone.id)) and queries.opinions_of(item.id):
        raise CapstoneRefused(_("已请专家评议现在的匿名稿，不能再更换。"), field="file", code="frozen")
    item.anonymous_said = said = look_through(capstone, file_id, is_other=is_other)
    item.anonymous_file_id = file_id
    session().flush()
    audit.record(by=by, did="capstones.anonymous.handed_in", on=("spot_item", str(item.id)), data={"file": file_id, **said})
    return item


def look_through(capstone: Capstone, file_id: int, *, is_other: bool) -> dict[str, Any]:
    """What is found in a file of the student, the supervisors and the enterprise; refused with the places where it names the student."""
    file = session().get_one(StoredFile, file_id)
    own, around = _words(capstone)
    try:
        found = anonymity.read(files.read(file), {**own, **around})
    except anonymity.Unreadable as wrong:
        raise CapstoneRefused(
            _("匿名稿须是没有加密的 PDF 或 Word（.docx）文件，这样才能检查其中有没有姓名。"), field="file", code="unreadable"
        ) from wrong
    inside = [one for one in found.traces if one.where == anonymity.METADATA and one.word in own]
    if inside:
        places = listed(_("“%(field)s”中有“%(word)s”", field=one.field, word=one.word) for one in inside)
        raise CapstoneRefused(
            _("匿名稿的文件属性里有学生的姓名或学号：%(places)s。请清除文件属性（作者、标题、批注人等）后重新提交。", places=places),
            field="file",
            code="named_in_metadata",
        )
    text = sorted({one.word for one in found.traces if one.where == anonymity.TEXT})
    mine = [word for word in text if word in own]
    if mine and not is_other:
        raise CapstoneRefused(
            _(
                "匿名稿的正文里有“%(words)s”。请删去封面、致谢等处的姓名和学号；如果是别人（例如参考文献的同名作者），请勾选说明后再提交。",
                words=listed(mine),
            ),
            field="file",
            code="named_in_text",
        )
    others = sorted({one.word for one in found.traces if one.word in around})
    return {"is_text_read": found.is_text_read, "own": mine, "around": others}


def _words(capstone: Capstone) -> tuple[Mapping[str, None], Mapping[str, None]]:
    """(name and number of the student, names of supervisors and enterprise)."""
    student = session().get_one(Student, capstone.student_id)
    names = [name for _row, name in queries.supervisions_of(capstone.id)]
    own = dict.fromkeys((session().get_one(Person, student.person_id).name, student.student_no))
    return own, dict.fromkeys(word for word in (*names, queries.enterprise_of(capstone).name) if word not in own)


def ask_for_anonymous(capstone: Capstone, now: datetime) -> None:
    """Tell the student that the thesis is to be read blind and has no version without names yet."""
    blind = [row for row, _name in queries.reviews_of(capstone.id) if row.kind is ReviewKind.BLIND and row.cancelled_at is None]
    paper = thesis_paper(capstone.id)
    if not blind or paper is None or paper.anonymous_file_id is not None:
        return
    tell(
        person_ids=[queries.person_of_student(capstone)],
        kind="capstones.anonymous",
        message=TOLD_WANTED,
        values={},
        url=f"/capstones/{capstone.id}#papers",
        unique_key=f"capstones.anonymous_wanted:{paper.id}",
        now=now,
    )


def against_blind(capstone: Capstone) -> CapstoneRefused | None:
    """Why a blind review cannot be signed yet: there is nothing to read that does not name the student."""
    if anonymous_of(capstone.id) is not None:
        return None
    return CapstoneRefused(_("学生还没有提交匿名稿：盲评只看匿名稿，提交后你会收到通知。"), code="no_anonymous")
