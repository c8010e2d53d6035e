"""What stands around the content of a package, taken in: dates, how the run is marked, the cover, announcements, handouts.

What has no place here, or means something else here, is said in the report's warnings.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain, count
from math import gcd, lcm
from typing import Any

from courses.catalogue.markup import plain, to_html
from courses.catalogue.models import Block, Course, Run, Section, Unit
from courses.catalogue.operations.offerings import asset_prefix
from courses.catalogue.types import BlockKind, BodyFormat
from courses.gradebook.operations.laying_out import MOST_DROPPED, Layout, lay_out
from courses.gradebook.types import OWN_SCALE, Scale
from courses.interop import types as docs
from courses.interop.formats import OpenCourse
from courses.interop.frame_types import GraderDoc, GradingDoc
from courses.interop.olx.write_grading import PASS
from courses.interop.sharing import split_whole
from courses.messages import operations as messages
from trainhub.kernel import files, sniff
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, listed

HANDOUTS = "trainhub-handouts"
"""Begins the keys of the section, unit and block that hold the handouts, so that `frame_out` knows them again."""
MAX_COVER = 8 << 20
HUNDRED_X10 = 1000
"""What the blocks of a lesson weigh together in their category, in tenths."""
FINE_X10 = 10_000
"""The most that they weigh together where a hundred does not divide: fine enough for hundreds of blocks."""
Taken = tuple[Unit, docs.UnitDoc, Block]
"""A block that was made, with its unit and the unit of the package."""


def run_fields(doc: docs.CourseDoc, now: datetime, notes: list[str]) -> dict[str, Any]:
    """The dates of the run and its pass mark, as columns of `Run`. Days that contradict each other are not taken."""
    starts_on = local(doc.starts_at).date() if doc.starts_at else local(now).date()
    ends_on, opens_on, closes_on = (local(at).date() if at else None for at in (doc.ends_at, doc.enrols_from, doc.enrols_until))
    if ends_on is not None and ends_on < starts_on:
        notes.append(_("结束日期 %(end)s 早于开始日期 %(start)s，没有导入；请在期次设置中填写", end=ends_on, start=starts_on))
        ends_on = None
    if opens_on is not None and closes_on is not None and closes_on < opens_on:
        notes.append(_("报名截止 %(until)s 早于报名开始 %(start)s，报名时间没有导入；请在期次设置中填写", until=closes_on, start=opens_on))
        opens_on = closes_on = None
    cutoffs = [share for _name, share in doc.grading.cutoffs]
    return {
        "starts_on": starts_on,
        "ends_on": ends_on,
        "enrol_from": opens_on,
        "enrol_until": closes_on,
        "pass_mark_x10": min(cutoffs) if cutoffs else None,
    }


def own_fields(doc: docs.CourseDoc, course: Course) -> dict[str, Any]:
    """What a further run of a known course calls itself, where that differs: columns of `Run`."""
    title, summary, language = doc.title.strip()[:200], doc.summary.strip()[:500], doc.language[:12]
    return {
        "own_title": title if title and title != course.title else None,
        "own_summary": summary if summary and summary != course.summary else None,
        "own_language": language if language and language != course.language else None,
    }


def second_run(doc: docs.CourseDoc, course: Course, notes: list[str]) -> None:
    """A further run of a course that is known: what is said about the course stays as it is."""
    kept = [word for word, text in ((_("课程介绍"), doc.overview), (_("封面图"), doc.image)) if text]
    if kept:
        notes.append(_("课程 %(code)s 已存在，它的%(what)s保持不变", code=course.code, what=listed(kept)))


def set_cover(opened: OpenCourse, course: Course, notes: list[str], by: Identity, now: datetime) -> None:
    """The course's picture, when the package holds it and it is one."""
    wanted = opened.doc.image
    if not wanted:
        return
    asset = next((one for one in opened.doc.assets if one.name.replace(" ", "_") == wanted.replace(" ", "_")), None)
    if asset is None:
        notes.append(_("封面图 %(name)s 不在包中，没有导入", name=wanted[:120]))
        return
    try:
        with opened.file(asset).open("rb") as file:
            row = files.keep(file, name=asset.name, kind="cover", by=by, now=now, allowed=sniff.IMAGES, max_bytes=MAX_COVER)
    except Refused:
        notes.append(_("封面图 %(name)s 不是 8 MB 以内的 PNG、JPEG、GIF 或 WebP 图片，没有作为封面导入", name=wanted[:120]))
        return
    course.cover_file_id = row.id
    session().flush()


def add_handouts(doc: docs.CourseDoc, run: Run, sections: int) -> None:
    """The handouts as a text in a section of its own behind the others."""
    if not doc.handouts:
        return
    title, current = _("课程资料"), session()
    key = _free_key(doc)
    section = Section(run_id=run.id, key=key, position=sections + 1, title=title)
    current.add(section)
    current.flush()
    unit = Unit(run_id=run.id, section_id=section.id, key=f"{key}-unit", position=1, title=title)
    current.add(unit)
    current.flush()
    current.add(
        Block(
            run_id=run.id,
            unit_id=unit.id,
            key=f"{key}-text",
            position=1,
            kind=BlockKind.TEXT,
            title=title,
            body_format=BodyFormat.HTML,
            body=doc.handouts,
            body_html=to_html(doc.handouts, BodyFormat.HTML, assets=asset_prefix(run.id)),
            settings={},
            is_required=False,
        )
    )
    current.flush()


def _free_key(doc: docs.CourseDoc) -> str:
    """A key no part of the package has: earlier handouts that an author built on come back as a chapter under theirs."""
    units = [unit for section in doc.sections for unit in section.units]
    used = [section.key for section in doc.sections]
    used += [unit.key for unit in units] + [page.key for unit in units for page in unit.pages] + [block.key for block in doc.blocks()]
    names = chain([HANDOUTS], (f"{HANDOUTS}-{n}" for n in count(2)))
    return next(key for key in names if not any(one.startswith(key) for one in used))


def add_news(doc: docs.CourseDoc, run: Run, by: Identity, now: datetime) -> None:
    """The announcements under the day they were made; nobody is told of them now."""
    prefix = asset_prefix(run.id)
    for one in doc.news:
        body = to_html(one.html, BodyFormat.HTML, assets=prefix)
        title = plain(body, 60) or _("课程公告")
        messages.take_over(run=run, title=title, body=body, at=min(one.at or now, now), by=by, now=now)


def set_marks(doc: docs.CourseDoc, run: Run, made: Sequence[Taken], notes: list[str], by: Identity, now: datetime) -> None:
    """The gradebook as the package marks: a category for each grader, in it every assignment with the same weight."""
    grading = doc.grading
    scale = scale_of(grading)
    graded = [(lesson, block) for _unit, lesson, block in made if block.is_graded]
    if not grading.graders and scale is None:
        return
    if not graded:
        notes.append(_("评分方案没有导入：课程里没有计分的内容块"))
        return
    graders = [grader for grader in grading.graders if grader.weight_x1000]
    notes += [_("评分类别“%(name)s”的权重为 0，没有导入，其中的内容不计入总评", name=one.name) for one in grading.graders if not one.weight_x1000]
    whole = sum(grader.weight_x1000 for grader in graders)
    if graders and whole != HUNDRED_X10:
        notes.append(_("各评分类别的权重合计为 %(sum)s%%，这里按比例折算为 100%%", sum=f"{whole / 10:g}"))
    layouts = [_layout(grader, [(lesson, block) for lesson, block in graded if lesson.assignment == grader.name], notes) for grader in graders]
    placed = {block_id for layout in layouts for block_id in layout.blocks}
    left = [(lesson, block) for lesson, block in graded if block.id not in placed] if graders else []
    if left:
        names = list(dict.fromkeys(lesson.title or lesson.key for lesson, _block in left))
        notes.append(_("计分的小节 %(names)s 不属于任何评分类别，和原平台一样不计入总评", names=listed(names[:5]) + ("……" if len(names) > 5 else "")))
        layouts.append(Layout(_("未归入评分类别"), HUNDRED_X10, 0, {block.id: 0 for _lesson, block in left}))
    lay_out(run=run, layouts=layouts, scale=scale, by=by, now=now)


def scale_of(grading: GradingDoc) -> Scale | None:
    """The grades of a package as a scale; None for a single "Pass", which the pass mark says."""
    if not grading.cutoffs or [name for name, _share in grading.cutoffs] == [PASS]:
        return None
    bands = tuple((share, name[:40]) for name, share in grading.cutoffs)
    return Scale(OWN_SCALE, bands if bands[-1][0] == 0 else (*bands, (0, _("不合格"))))


def _together(lessons: Sequence[Sequence[int]]) -> int:
    """What the blocks of each lesson weigh together, alike for all: a hundred, or else the largest number below the finest that every lesson divides
    into whole parts, so that equal problems weigh the same. Where there is none, the finest."""
    wholes = [sum(weights) // gcd(*weights) for weights in lessons if any(weights)]
    common = lcm(*wholes)
    if HUNDRED_X10 % common == 0:
        return HUNDRED_X10
    return common * (FINE_X10 // common) or FINE_X10


def _layout(grader: GraderDoc, blocks: Sequence[tuple[docs.UnitDoc, Block]], notes: list[str]) -> Layout:
    lessons: dict[str, list[Block]] = {}
    for lesson, block in blocks:
        lessons.setdefault(lesson.key, []).append(block)
    name = grader.name[:60] or _("未命名")
    if not lessons:
        notes.append(_("评分类别“%(name)s”没有对应的计分小节，它的权重暂不参与计算", name=name))
    elif len(lessons) < grader.min_count:
        notes.append(
            _("评分类别“%(name)s”要求至少 %(least)d 次，包中只有 %(n)d 次；缺少的不按 0 分计", name=name, least=grader.min_count, n=len(lessons))
        )
    if grader.drop_count and any(len(rows) > 1 for rows in lessons.values()):
        notes.append(_("评分类别“%(name)s”去掉最低的 %(n)d 次：有的小节含多个计分内容块，这里按内容块去掉", name=name, n=grader.drop_count))
    if grader.drop_count > MOST_DROPPED:
        notes.append(_("评分类别“%(name)s”最多去掉 %(n)d 个最低分", name=name, n=MOST_DROPPED))
    weights: dict[int, int] = {}
    together = _together([[block.weight_x10 for block in rows] for rows in lessons.values()])
    for rows in lessons.values():
        asked = [block.weight_x10 for block in rows]
        shares = split_whole(asked, together) or [0] * len(rows)
        weights |= {block.id: max(share, 1 if weight else 0) for block, share, weight in zip(rows, shares, asked, strict=True)}
    return Layout(name, grader.weight_x1000, grader.drop_count, weights)
