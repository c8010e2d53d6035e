"""What stands around the content of a run, as it goes out: dates, how it is marked, the cover, announcements. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from courses.catalogue import authoring_queries as authored
from courses.catalogue.markup import ASSETS
from courses.catalogue.models import Block, Run, RunAsset, Section, Unit
from courses.catalogue.operations.offerings import asset_prefix
from courses.catalogue.types import Access, BlockKind
from courses.gradebook import queries as gradebook
from courses.gradebook.types import Scale
from courses.interop.frame import HANDOUTS
from courses.interop.frame_types import GraderDoc, GradingDoc, NewsDoc
from courses.interop.olx.markup import is_blank
from courses.interop.olx.write_grading import PASS
from courses.interop.sharing import split_whole
from courses.messages import queries as messages
from trainhub.kernel.clock import end_of, start_of
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import LANGUAGES, _, in_language, listed


def begin_of(day: date | None) -> datetime | None:
    """When a day begins."""
    return start_of(day) if day is not None else None


def close_of(day: date | None) -> datetime | None:
    """When a day that still counts ends, to the second: other platforms know no smaller parts."""
    return end_of(day).replace(microsecond=0) if day is not None else None


def cover_of(run: Run, assets: Sequence[RunAsset]) -> tuple[str, StoredFile] | None:
    """The picture of the course and its name in the package: that of the run's file with the same content, else one of its own."""
    if run.course.cover_file_id is None:
        return None
    row = authored.files_named([run.course.cover_file_id])[run.course.cover_file_id]
    same = next((asset.name for asset in assets if asset.file.sha256 == row.sha256), None)
    return same or f"cover-{row.id}-{row.name.replace(' ', '_')}", row


def news_of(run: Run) -> tuple[NewsDoc, ...]:
    """What the learners were told, oldest first."""
    prefix = asset_prefix(run.id)
    rows = reversed(messages.told(run.id))
    return tuple(NewsDoc(row.body_html.replace(f'="{prefix}', f'="{ASSETS}'), row.published_at) for row in rows)


def handouts_of(run: Run, parts: Sequence[tuple[Section, Sequence[Unit]]], of_unit: Mapping[int, Sequence[Block]]) -> tuple[int, str]:
    """The section that goes out as handouts and its text; (0, "") when there is none.

    Handouts elsewhere are one text that everybody reads at any time, without a title. So the section is no more than that, at the end of
    the course; as soon as an author made more of it, it is a chapter like any other and goes out as one.
    """
    if not parts:
        return 0, ""
    section, units = parts[-1]
    blocks = [block for unit in units for block in of_unit.get(unit.id, ())]
    if not section.key.startswith(HANDOUTS) or len(units) != 1 or len(blocks) != 1:
        return 0, ""
    (unit,), (block,) = units, blocks
    is_plain = block.kind is BlockKind.TEXT and unit.release_at is section.release_at is unit.due_at is None and not is_blank(block.body_html)
    is_open = all(part.is_published and not part.access for part in (section, unit, block))
    if not is_plain or not is_open or not {section.title, unit.title, block.title} <= _titles():
        return 0, ""
    return section.id, block.body_html.replace(f'="{asset_prefix(run.id)}', f'="{ASSETS}')


def _titles() -> set[str]:
    """What `frame.add_handouts` calls them, in the language of whoever imported."""
    found = set()
    for code in LANGUAGES:
        with in_language(code):
            found.add(_("课程资料"))
    return found


def marks_of(run: Run, blocks: Sequence[Block], lesson_of: Mapping[int, str]) -> tuple[GradingDoc, dict[str, str], list[str]]:
    """How the run is marked, the grader each lesson counts for, and what other platforms will count otherwise. `lesson_of`: unit id to lesson."""
    notes: list[str] = []
    book = gradebook.book_of(run.id)
    cutoffs = cutoffs_of(Scale.of(book.scale) if book is not None else Scale("percent"), run.pass_mark_x10)
    if book is None:
        if any(block.is_graded for block in blocks):
            notes.append(_("这期课程没有成绩册，评分类别没有导出；请在目标平台设置评分方案"))
        return GradingDoc((), cutoffs), {}, notes
    by_id = {block.id: block for block in blocks}
    columns = gradebook.columns_of(book.id)
    votes: dict[str, Counter[int]] = {}
    for column in columns:
        block = by_id.get(column.block_id or 0)
        if block is not None and column.weight_x10 and block.unit_id in lesson_of:
            votes.setdefault(lesson_of[block.unit_id], Counter())[column.category_id] += 1
    by_hand = [column.title for column in columns if column.block_id is None]
    if by_hand:
        notes.append(_("手工填写的成绩项没有导出：%(names)s", names=listed(by_hand)))
    categories = gradebook.categories_of(book.id)
    extra = [row.name for row in categories if row.is_extra]
    if extra:
        notes.append(_("附加分类别没有导出：%(names)s", names=listed(extra)))
    idle = {row.id for row in categories if (mine := [c for c in columns if c.category_id == row.id]) and not any(c.weight_x10 for c in mine)}
    counted = [row for row in categories if not row.is_extra and row.id not in idle]
    names = {row.id: row.name for row in counted}
    graders = {lesson: names[best] for lesson, vote in votes.items() if (best := vote.most_common(1)[0][0]) in names}
    split = [lesson for lesson, vote in votes.items() if len(vote) > 1]
    if split:
        notes.append(_("小节 %(names)s 的内容属于不同的评分类别，其他平台上整节归入一类", names=listed(split[:5])))
    lessons = Counter(graders.values())
    empty = [row.name for row in counted if not lessons[row.name]]
    if empty and categories:
        notes.append(_("评分类别 %(names)s 没有计分的小节，其他平台会按 0 分计", names=listed(empty)))
    shares = split_whole([row.weight_x10 for row in counted])
    found = [GraderDoc(row.name, share, max(1, lessons[row.name]), row.drop_lowest) for row, share in zip(counted, shares, strict=True)]
    return GradingDoc(tuple(found), cutoffs), graders, notes


def cutoffs_of(scale: Scale, pass_mark_x10: int) -> tuple[tuple[str, int], ...]:
    """The grades of a scale from the best to the one that passes. Elsewhere the lowest grade is the pass mark: it goes out with ours."""
    bands = [(label, floor) for floor, label in sorted(scale.bands, reverse=True) if floor > 0]
    if not bands:
        return ((PASS, pass_mark_x10),)
    above = [(label, floor) for label, floor in bands if floor > pass_mark_x10]
    passing = next((label for label, floor in bands if floor <= pass_mark_x10), "")
    if passing:
        return (*above, (passing, pass_mark_x10))
    return (*above[:-1], (above[-1][0], pass_mark_x10))


def changed_blocks(blocks: Sequence[Block]) -> list[str]:
    """Blocks that other platforms have as something else."""
    live = [block.title or block.key for block in blocks if block.kind is BlockKind.LIVE]
    labs = [block.title or block.key for block in blocks if block.kind is BlockKind.VSIM]
    notes = [_("直播 %(names)s 以链接形式导出，时间和出席没有导出", names=listed(live))] if live else []
    return [*notes, *([_("虚拟仿真 %(names)s 以链接形式导出，单点登录和完成回传没有导出", names=listed(labs))] if labs else [])]


def conditions(parts: Sequence[tuple[Section, Sequence[Unit]]], blocks: Sequence[Block]) -> list[str]:
    """What opens only to some, or only after something: elsewhere it is open to everybody."""
    every: list[Section | Unit | Block] = [*(s for s, _units in parts), *(u for _section, units in parts for u in units), *blocks]
    names = [part.title or part.key for part in every if Access.of(part.access).conditions]
    return [_("访问条件没有导出，其他平台上对所有学员开放：%(names)s", names=listed(names))] if names else []
