"""Conditions in words, for the learner at a closed door and for the author who set them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from courses.catalogue.operations.checking import titles
from courses.catalogue.rules import may_have_mark, name_of, present
from courses.catalogue.types import Access, Condition, ConditionKind, Outline, PartKind
from trainhub.kernel.clock import local
from trainhub.kernel.i18n import _


def reasons(conditions: Iterable[Condition], outline: Outline, groups: Mapping[str, str]) -> list[str]:
    """What a learner still has to do or wait for, one sentence each."""
    named, there = titles(outline), present(outline)
    marked = {name_of(PartKind.BLOCK, block.key) for block in outline.blocks if may_have_mark(block)}
    return [_reason(condition, named, groups, marked if condition.kind is ConditionKind.GRADE else there) for condition in conditions]


def _reason(condition: Condition, named: Mapping[str, str], groups: Mapping[str, str], there: Collection[str]) -> str:
    title = named.get(condition.key, "")
    match condition.kind:
        case ConditionKind.DATE if condition.until is not None and condition.since is None:
            return _("已于 %(at)s 关闭", at=_at(condition.until))
        case ConditionKind.DATE if condition.until is not None and condition.since is not None:
            return _("%(since)s 至 %(until)s 开放", since=_at(condition.since), until=_at(condition.until))
        case ConditionKind.DATE:
            return _("%(at)s 开放", at=_at(condition.since))
        case ConditionKind.DONE if title and condition.key not in there:
            return _("“%(title)s”没有必学或计分的内容，这个条件不起作用", title=title)
        case ConditionKind.DONE:
            return _("完成“%(title)s”后开放", title=title) if title else _("完成的内容已移除，这个条件不再要求")
        case ConditionKind.GRADE if title and condition.key not in there:
            return _("“%(title)s”没有得分，这个条件不起作用", title=title)
        case ConditionKind.GRADE:
            mark = f"{condition.min_x10 / 10:g}"
            return _("“%(title)s”得分达到 %(mark)s 分后开放", title=title, mark=mark) if title else _("完成的内容已移除，这个条件不再要求")
        case ConditionKind.GROUP:
            name = groups.get(condition.key, "")
            return _("只对“%(name)s”的成员开放", name=name) if name else _("只对一个已解散的分组开放，目前谁也打不开")


def _at(at: object) -> str:
    return f"{local(at):%Y-%m-%d %H:%M}" if at is not None else ""  # type: ignore[arg-type]


def summary(stored: object, outline: Outline, groups: Mapping[str, str]) -> list[str]:
    """All conditions of a part, for its author."""
    return reasons(Access.of(stored).conditions, outline, groups)
