"""How long each kind of personal data is kept, what happens then, and who still uses the data of a person.

Rooms register from their `wiring.py` what keeps a person's data in use (`register_use`), so that contacts and identity
numbers of somebody who still learns, teaches or guides are not erased by their age.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Flask, current_app

from trainhub.kernel.i18n import _l, language
from trainhub.kernel.retention import PREFIX
from trainhub.people.queries import Use, own_uses
from trainhub.policy.book import book

_KEY = "trainhub.uses"


@dataclass(frozen=True, slots=True)
class Period:
    """A kind of data, how many months it is kept, what happens then, and why (in Chinese; empty for readers of English)."""

    label: str
    months: int
    reason: str
    then: str


THEN: Mapping[str, Any] = {
    "certificate": _l("不自动删除：证书及其事实须长期可查验。"),
    "training_record": _l("不自动删除：培训台账只追加、不改写，更正也保留原记录。"),
    "student_record": _l("不自动删除：学籍与成绩属教学档案，由学校按档案规定移交。"),
    "id_number": _l("到期自动抹去号码，只留不可逆的比对值和掩码。"),
    "contact": _l("到期自动抹去手机号码、邮箱和监护人联系方式；仍在学、任教或指导的不抹去。"),
    "account": _l("到期自动注销账号；仍在学、任教或指导的不注销。"),
    "placement_log": _l("到期自动删除周志，抹去每日日志的文字；已确认的日期作为台账事实保留。"),
    "capstone_log": _l("到期自动抹去指导记录的内容；指导日期保留。"),
    "exam_answer": _l("到期自动抹去作答与评语；成绩保留。"),
    "forum_post": _l("到期自动去除署名，发言内容保留。"),
    "survey_answer": _l("到期自动删除毕业生答卷，只留不能识别个人的汇总数字；期限内只有本人能看到答卷。企业的需求答卷是企业数据，不删除。"),
    "evidence_file": _l(
        "不自动删除：结论作出后由专业在材料库中清理；随申请固定的材料、达标情况和结论依据连同其中的姓名、学号或工号属评价档案，不删除。"
    ),
    "guardian_consent": _l("到期自动抹去监护人姓名和电话；同意的版本和时间保留。"),
    "import_file": _l("到期自动删除文件；导入的结果保留。"),
    "rejected_rows": _l("到期自动删除文件。"),
    "job": _l("到期自动删除；证书批次等仍引用的任务随其保留。"),
    "notification": _l("到期自动删除。"),
    "sign_in_log": _l("到期自动删除。"),
    "audit_log": _l("不自动删除：审计链逐条相连，删去一条便无法核验，期限届满前不得移出。"),
    "incident": _l("平台目前不保存事件记录，由运维按制度归档。"),
    "backup": _l("由运维人员按期清除，见运维文档。"),
}
"""What happens when a period of the policy book is over, by the middle of its key."""


def periods(on: date) -> list[Period]:
    """Every retention period in force on a day, longest first: what is legally held cannot be deleted earlier."""
    found = [parameter for parameter in book().in_force(on=on) if parameter.key.startswith(PREFIX)]
    is_english = language() == "en"
    rows = []
    for parameter in found:
        value: Any = parameter.value
        label = parameter.label_en if is_english else parameter.label_zh
        label = label.removeprefix("保存期限：").removeprefix("Retention: ")
        then = str(THEN[parameter.key.removeprefix(PREFIX).removesuffix("_months")])
        rows.append(Period(label, int(value), "" if is_english else parameter.reason or "", then))  # reasons are written in Chinese only
    return sorted(rows, key=lambda row: (-row.months, row.label))


# -- what keeps data in use ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    uses: Callable[[datetime], Sequence[Use]]
    are_completions: bool


def register_use(app: Flask, name: str, uses: Callable[[datetime], Sequence[Use]], *, are_completions: bool = False) -> None:
    """Tell what of a room keeps a person's data in use since an instant; completions also start the time of the number."""
    known: dict[str, _Source] = app.extensions.setdefault(_KEY, {})
    if name in known:
        raise RuntimeError(f"use {name} is registered twice")
    known[name] = _Source(uses, are_completions)


def register_own(app: Flask) -> None:
    """Studies and teaching."""
    register_use(app, "people", own_uses)


def uses_since(since: datetime) -> list[Use]:
    """Everything that keeps a person's data in use since an instant."""
    return [use for source in _sources() for use in source.uses(since)]


def completions_since(since: datetime) -> list[Use]:
    """What a person completed since an instant."""
    return [use for source in _sources() if source.are_completions for use in source.uses(since)]


def _sources() -> list[_Source]:
    return list(current_app.extensions.get(_KEY, {}).values())
