"""An open assessment of a package as an assignment here, and an assignment as the open assessment that goes out. Pure apart from words."""

from __future__ import annotations

from typing import Any

from courses.assignments.models import Assignment
from courses.assignments.types import Criterion, FileKind, Level, Rubric
from courses.interop import types as docs
from courses.interop.olx import markup
from trainhub.kernel.i18n import _, listed

PEERS, STAFF, SELF = "peer-assessment", "staff-assessment", "self-assessment"
FILES = (FileKind.PDF, FileKind.WORD, FileKind.IMAGE, FileKind.TEXT)
MAX_FILES = 3
MOST_X10 = 10_000


def work_of(doc: docs.OpenAssessmentDoc) -> tuple[dict[str, Any], list[str]]:
    """The rules of an assignment (columns of `Assignment`), and what of the open assessment has no counterpart."""
    notes: list[str] = []
    rubric = Rubric(
        tuple(_criterion(n, one) for n, one in enumerate(doc.criteria, start=1) if one.levels and max(le.points for le in one.levels) > 0)
    )
    if not 10 <= rubric.max_x10 <= MOST_X10:
        rubric = Rubric()
    if len(rubric.criteria) < len(doc.criteria):
        notes.append(_("没有分值的评分项没有导入"))
    hints = [text for text in (markup.plain(doc.feedback_prompt), markup.plain(doc.feedback_default)) if text]
    if hints:
        notes.append(_("写总评的提示没有导入：%(text)s", text=listed(hints)[:80]))
    if any(one.feedback for one in doc.criteria):
        notes.append(_("各评分项的评语没有导入，评语对整份作业写"))
    takes_files = doc.file_response in ("optional", "required")
    work: dict[str, Any] = {
        "rubric": rubric.as_data(),
        "max_x10": rubric.max_x10 or 1000,
        "takes_text": doc.text_response != "" or not takes_files,
        "file_kinds": [kind.value for kind in FILES] if takes_files else [],
        "max_files": MAX_FILES if takes_files else 0,
        "due_at": doc.due_at,
    }
    peer = next((step for step in doc.steps if step.name == PEERS), None)
    others = [step.name for step in doc.steps if step.name not in (PEERS, STAFF, SELF)]
    if others:
        notes.append(_("评阅步骤 %(names)s 没有对应功能，没有导入", names=listed(others)))
    if any(step.name == SELF for step in doc.steps) and peer is None:
        notes.append(_("自评只和同伴互评一起进行，没有导入"))
    if peer is None:
        return work, notes
    if doc.due_at is None or peer.due_at is None or peer.due_at <= doc.due_at:
        notes.append(_("同伴互评没有可用的截止时间，改为教师评阅；需要互评时请在作业设置中填写"))
        return work, notes
    peers = min(10, max(1, peer.must_grade or 1))
    work |= {"peers": peers, "peers_needed": min(peers, max(1, peer.must_be_graded_by or 1)), "peer_due_at": peer.due_at}
    return {**work, "has_self_review": any(step.name == SELF for step in doc.steps)}, notes


def worth_x10(doc: docs.OpenAssessmentDoc) -> int:
    """What it weighs beside the problems of its lesson, in tenths: as the package says where it went out from here, else the points that its rubric
    gives at most; 0 where it gives none."""
    if doc.weight_x10 is not None:
        return doc.weight_x10
    return 10 * sum(max((level.points for level in one.levels), default=0) for one in doc.criteria)


def _criterion(number: int, doc: docs.CriterionDoc) -> Criterion:
    ranked = sorted(doc.levels, key=lambda one: -one.points)
    levels = tuple(Level((one.label or one.name)[:200], one.points * 10) for one in ranked)
    title = (doc.label or doc.name or _("评分项 %(n)d", n=number))[:200]
    said = [f"{one.label or one.name}：{text}" for one in ranked if (text := markup.plain(one.explanation))]
    description = " ".join(part for part in (markup.plain(doc.prompt), "；".join(said)) if part)
    return Criterion(f"c{number}", title, description, levels[0].points_x10, levels)


def doc_of(body_html: str, row: Assignment, weight_x10: int) -> docs.OpenAssessmentDoc:
    """An assignment as an open assessment: its rubric, its dates, and peer review or the judgement of staff; with what it weighs here, in tenths."""
    rubric = Rubric.of(row.rubric)
    criteria = tuple(_criterion_doc(one) for one in rubric.criteria) or (_criterion_doc(Criterion("points", _("得分"), "", row.max_x10)),)
    steps = (docs.StepDoc(SELF),) if row.has_self_review else ()
    if row.peers:
        steps = (docs.StepDoc(PEERS, row.peers, row.peers_needed, row.due_at, row.peer_due_at), *steps)
    return docs.OpenAssessmentDoc(
        prompts=(body_html,),
        criteria=criteria,
        steps=(*steps, docs.StepDoc(STAFF)),
        text_response="required" if row.takes_text else "",
        file_response="optional" if row.file_kinds and row.max_files else "",
        due_at=row.due_at,
        weight_x10=weight_x10,
    )


def _criterion_doc(one: Criterion) -> docs.CriterionDoc:
    """Points as whole numbers; a criterion without levels becomes nothing and everything."""
    levels = one.levels or (Level(f"{one.max_x10 / 10:g}", one.max_x10), Level("0", 0))
    made = tuple(docs.LevelDoc(level.title, level.title, level.points_x10 // 10) for level in levels)
    return docs.CriterionDoc(one.title, one.title, one.description or one.title, made, "optional")
