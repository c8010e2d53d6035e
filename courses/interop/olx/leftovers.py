"""Settings of a package that mean something to learners and have no counterpart here: named once each, with where they stood."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from courses.interop.olx import info, unread
from courses.interop.olx.markup import Element
from trainhub.kernel.i18n import _, listed

NAMED = 20
NOTHING = frozenset({"", "false", "0", "none", "null", "[]", "{}", "never", "always"})
"""Values that say what happens anyway."""
WORDS: Mapping[str, Callable[[], str]] = {
    "is_time_limited": lambda: _("整节限时"),
    "is_proctored_enabled": lambda: _("监考"),
    "is_practice_exam": lambda: _("模拟考试"),
    "hide_after_due": lambda: _("截止后隐藏"),
    "hide_from_toc": lambda: _("不列入目录"),
    "group_access": lambda: _("只对部分学员显示"),
    "graceperiod": lambda: _("截止后的宽限时间"),
    "relative_weeks_due": lambda: _("按报名后的周数截止"),
    "rerandomize": lambda: _("每次作答重新随机"),
    "submission_wait_seconds": lambda: _("两次作答之间的间隔"),
    "show_correctness": lambda: _("对错的显示时间"),
    "attempts_before_showanswer_button": lambda: _("作答若干次后才显示答案"),
    "in_entrance_exam": lambda: _("入学测试"),
}


class Leftovers:
    """What was met of it while a course was read."""

    def __init__(self) -> None:
        self.where: dict[str, list[str]] = defaultdict(list)
        self.others: dict[str, list[str]] = defaultdict(list)
        self.lines: list[str] = []

    def meet(self, block: str, element: Element) -> None:
        """Note what stands inside a definition and is not read."""
        found = unread.inside(block.partition("/")[0], element)
        if found:
            self.lines.append(_("%(block)s 中的这些内容没有导入：%(names)s", block=block, names=listed(found[:NAMED])))

    def silent(self, block: str, tag: str) -> None:
        """Note a part of a structure that has no place here at all."""
        self.lines.append(_("%(block)s 中的这些内容没有导入：%(names)s", block=block, names=f"<{tag}>"))

    def look(self, block: str, settings: Mapping[str, str], *, is_kept: bool = False) -> None:
        """Note the settings of one definition. `is_kept`: it is kept as text whole, or named as one that is not taken over."""
        tag = block.partition("/")[0]
        for name in () if is_kept else sorted(unread.attributes_of(tag, set(settings)) - WORDS.keys()):
            told = tag == "course" and name in info.UNTAKEN
            if not told and info.says(settings[name]) and settings[name].strip().strip('"').lower() not in NOTHING:
                self.others[name].append(block)
        for name in WORDS.keys() & settings.keys():
            if settings[name].strip().strip('"').lower() not in NOTHING:
                self.where[name].append(block)

    def warnings(self) -> list[str]:
        """A sentence for each setting, in the order of the list above."""
        found = []
        for name, word in WORDS.items():
            blocks = self.where.get(name, [])
            if blocks:
                named = listed(blocks[:NAMED]) + ("……" if len(blocks) > NAMED else "")
                found.append(_("设置“%(what)s”（%(name)s）没有导入，共 %(n)d 处：%(blocks)s", what=word(), name=name, n=len(blocks), blocks=named))
        for name, blocks in self.others.items():
            named = listed(blocks[:NAMED]) + ("……" if len(blocks) > NAMED else "")
            found.append(_("属性 %(name)s 没有导入，共 %(n)d 处：%(blocks)s", name=name, n=len(blocks), blocks=named))
        return [*found, *self.lines]
