"""What an author enters is checked with words before it is kept: texts, addresses, polls, live sessions, conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from courses.catalogue import authoring_queries as found
from courses.catalogue import queries, rules
from courses.catalogue.markup import to_html
from courses.catalogue.operations.offerings import BadCourse, lock_content
from courses.catalogue.types import Access, BlockKind, BodyFormat, ConditionKind, Fate, LeftWaiting, Outline, PartKind
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _, listed

_MARKDOWN_IMAGE = re.compile(r"!\[\s*\]\(")
_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_ALT = re.compile(r"\balt\s*=", re.IGNORECASE)
_FENCED = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
MAX_OPTIONS = 20


def titled(title: str) -> str:
    """A title without white space around it."""
    title = title.strip()
    if not title or len(title) > 200:
        raise BadCourse(_("标题不能为空，也不能超过 200 个字。"), field="title")
    return title


def body(text: str, body_format: BodyFormat) -> str:
    """A text whose pictures say what they show to those who cannot see them, and that can be shown: also a draft is read (TooTangled)."""
    to_html(text, body_format)
    seen = _FENCED.sub("", text) if body_format is BodyFormat.MARKDOWN else text
    bare = any(not _ALT.search(tag) for tag in _IMAGE.findall(seen))
    if bare or (body_format is BodyFormat.MARKDOWN and _MARKDOWN_IMAGE.search(seen)):
        raise BadCourse(_("正文中有图片没有替代文字。请写成 ![图片说明](地址)，让看不到图片的学员也知道内容。"), field="body")
    return text


def settings(kind: BlockKind, given: dict[str, Any]) -> dict[str, Any]:
    """The settings of a block: addresses a browser may open, options to choose from, times in order."""
    for name in ("url", "source", "recording"):
        address = str(given.get(name) or "")
        if address and not address.startswith(("https://", "http://", "/")):
            raise BadCourse(_("网址“%(url)s”无法打开：请填写以 https:// 开头的完整网址。", url=address[:80]), field=name)
    match kind:
        case BlockKind.LINK | BlockKind.VSIM | BlockKind.LIVE if not given.get("url"):
            raise BadCourse(_("请填写以 https:// 开头的完整网址。"), field="url")
        case BlockKind.POLL:
            return {**given, "options": _options(given.get("options") or [])}
        case BlockKind.LIVE:
            _times(given)
        case _:
            pass
    return given


def graded(kind: BlockKind, given: dict[str, Any], is_graded: bool) -> None:
    """Refuse a mark that nobody could ever give: of a laboratory that its learners mark themselves."""
    if kind is BlockKind.VSIM and is_graded and given.get("self_marked"):
        raise BadCourse(_("由学员自己标记完成的实验没有成绩，不能计入总成绩。请取消其中一项。"), field="is_graded")


def _options(given: list[str]) -> list[str]:
    options = [option.strip()[:200] for option in given if option.strip()]
    if len(options) < 2 or len(options) > MAX_OPTIONS:
        raise BadCourse(_("投票需要 2 到 %(n)d 个选项，每行写一个。", n=MAX_OPTIONS), field="options")
    if len(set(options)) < len(options):
        raise BadCourse(_("投票的选项不能重复。"), field="options")
    return options


def _times(given: dict[str, Any]) -> None:
    if not given.get("starts_at") or not given.get("ends_at"):
        raise BadCourse(_("请填写直播的开始和结束时间。"), field="starts_at")
    if datetime.fromisoformat(given["ends_at"]) <= datetime.fromisoformat(given["starts_at"]):
        raise BadCourse(_("直播的结束时间应晚于开始时间。"), field="ends_at")


def conditions(outline: Outline, node_id: int, level: str, access: Access, *, waits: bool) -> None:
    """Refuse conditions that no learner could ever meet: on itself, on something inside, in a circle.

    Judged with what waits to be published; what is shown at once (not `waits`) also without.
    """
    for before in (_to_come(outline), *(() if waits else (outline,))):
        changed = _with(before, node_id, level, access)
        ring = rules.impossible(changed)
        if ring:
            _refuse(changed, ring)


def marks_there(outline: Outline, access: Access, before: Access) -> None:
    """Refuse conditions on the mark of what gives none (a text, a video), other than those that stood `before`: nobody could ever reach it."""
    asked = {one.key for one in access.conditions if one.kind is ConditionKind.GRADE and one not in before.conditions}
    for block in outline.blocks:
        if f"block:{block.key}" in asked and not rules.may_have_mark(block):
            title = block.title or _titles(outline)[f"block:{block.key}"]
            raise BadCourse(_("“%(title)s”没有得分，谁也达不到这个分数。请选择测验、作业或有成绩的实验，或不填最低分。", title=title), field="part")


def no_lost_group(run_id: int, access: Access, before: Access) -> None:
    """Refuse conditions that name a group which was dissolved, other than those that stood `before`: nobody could ever be in it."""
    stood = {one.key for one in before.conditions}
    lost = lost_groups(run_id, [access]) - stood
    if lost:
        raise BadCourse(_("这些开放条件用到了已经解散的分组，谁也打不开。请改用现有的分组。"), field="access")


def lost_groups(run_id: int, named: Iterable[Access]) -> set[str]:
    """The keys of groups that conditions name and that the run does not have."""
    keys = {one.key for access in named for one in access.conditions if one.kind is ConditionKind.GROUP}
    return keys - {group.key for group in found.groups_of(run_id)} if keys else set()


def _refuse(outline: Outline, ring: Sequence[str]) -> None:
    titles = _titles(outline)
    named = " → ".join(titles.get(name, name) for name in ring)
    raise BadCourse(_("这些开放条件互相等待，谁也打不开：%(ring)s。请去掉其中一个条件。", ring=named), field="access")


def _to_come(outline: Outline) -> Outline:
    """The outline once everything is published that waits."""
    for part, row in found.drafts_of_run(outline.run_id):
        outline = _with(outline, part.id, found.KIND_OF[type(part)].value, Access.of(row.data.get("access")))
    return outline


@contextmanager
def no_new_circle(run_id: int) -> Iterator[None]:
    """Refuse a step after which conditions wait for each other: published in parts, moved into what waits for it, brought back.

    Where they did before, the step is not the reason, and to take it may be the way out.
    """
    lock_content(run_id)
    is_free = not rules.impossible(queries.outline(run_id))
    yield
    session().flush()
    after = queries.outline(run_id)
    ring = rules.impossible(after) if is_free else ()
    if ring:
        _refuse(after, ring)


def left_waiting(part: found.Part, *, is_removed: bool, now: datetime) -> tuple[LeftWaiting, ...]:
    """What waits for a part and what becomes of it when the part is removed or taken back: as learners have the run; removed, also as it is once
    everything is published."""
    kind = found.KIND_OF[type(part)]
    worst: dict[tuple[PartKind, int], LeftWaiting] = {}
    for only_published in (True, False) if is_removed else (True,):
        before = queries.outline(part.run_id, only_published=only_published)
        for one in rules.left_waiting(before, rules.without(before, kind, part.id), now):
            known = worst.get((one.kind, one.node.id))
            if known is None or one.fate is Fate.NEVER:
                worst[one.kind, one.node.id] = one
    return tuple(worst.values())


def nothing_shut(part: found.Part, *, is_removed: bool, now: datetime) -> None:
    """Refuse to take away a part when nobody could open what waits for it any more."""
    lock_content(part.run_id)
    shut = [
        one.node.title or _titles(queries.outline(part.run_id))[f"{one.kind.value}:{one.node.key}"]
        for one in left_waiting(part, is_removed=is_removed, now=now)
        if one.fate is Fate.NEVER
    ]
    if shut:
        titles = listed(f"“{title}”" for title in shut)
        raise BadCourse(
            _(
                "没有移除或撤回：否则%(titles)s再也打不开，因为剩下的开放条件谁也满足不了（互相等待，或日期已过）。请先修改%(titles)s的开放条件；已发布的内容还须发布这项修改。",
                titles=titles,
            ),
            field="access",
        )


def _with(outline: Outline, node_id: int, level: str, access: Access) -> Outline:
    stored = access.plain()

    def put(node: Any, name: str) -> Any:
        return replace(node, access=stored) if name == level and node.id == node_id else node

    return replace(
        outline,
        sections=tuple(
            put(replace(s, units=tuple(put(replace(u, blocks=tuple(put(b, "block") for b in u.blocks)), "unit") for u in s.units)), "section")
            for s in outline.sections
        ),
    )


def _titles(outline: Outline) -> dict[str, str]:
    """The title of every part by the name that conditions use."""
    found = {}
    for section in outline.sections:
        found[f"section:{section.key}"] = section.title
        for unit in section.units:
            found[f"unit:{unit.key}"] = unit.title
            found.update({f"block:{block.key}": block.title or unit.title for block in unit.blocks})
    return found


titles = _titles
