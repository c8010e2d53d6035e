"""Forms of assignments: shape and type of input only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_wtf.file import FileField
from wtforms import BooleanField, DateTimeLocalField, DecimalField, IntegerField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from courses.assignments import labels
from courses.assignments.models import Assignment
from courses.assignments.types import Criterion, Level, Marking, Rubric
from trainhub.kernel.clock import SHANGHAI, local
from trainhub.kernel.fields import OnePerson, number_x10, picks, tenths
from trainhub.kernel.forms import Checks, CodeText, Form, LongText, Text
from trainhub.kernel.i18n import _, _l

_CRITERION = re.compile(r"^(?P<title>[^|｜]+?)\s*[|｜]\s*(?P<max>\d+(?:\.\d)?)\s*(?:[|｜]\s*(?P<rest>.*))?$")
_LEVEL = re.compile(r"^(?P<title>.+?)\s*[=＝]\s*(?P<points>\d+(?:\.\d)?)$")


def rubric_of(text: str) -> Rubric:
    """A rubric as written: a line per criterion, `criterion | points | level = points；level = points | explanation`."""
    found: list[Criterion] = []
    for number, line in enumerate((line.strip() for line in text.split("\n")), start=1):
        if not line:
            continue
        match = _CRITERION.match(line)
        if match is None or len(found) >= 30:
            raise ValueError(_("评分标准第 %(n)d 行看不懂。每行写：评分项 | 满分 | 等级=得分；等级=得分 | 说明。", n=number))
        levels, description = _rest(match["rest"] or "")
        top = number_x10(match["max"])
        if any(level.points_x10 > top for level in levels) or not top:
            raise ValueError(_("评分标准第 %(n)d 行：等级的得分不能超过这一项的满分。", n=number))
        found.append(Criterion(f"c{len(found) + 1}", match["title"].strip()[:80], description[:400], top, levels))
    return Rubric(tuple(found))


def _rest(text: str) -> tuple[tuple[Level, ...], str]:
    parts = [part.strip() for part in re.split(r"[|｜]", text) if part.strip()]
    levels: tuple[Level, ...] = ()
    if parts:
        tries = [_LEVEL.match(piece.strip()) for piece in re.split(r"[;；]", parts[0]) if piece.strip()]
        if tries and all(tries):
            levels = tuple(Level(one["title"][:40], number_x10(one["points"])) for one in tries if one is not None)
            parts = parts[1:]
    return levels, " ".join(parts)


def rubric_text(rubric: Rubric) -> str:
    """A rubric as it is written in the form; reading it gives the same rubric."""
    lines = []
    for one in rubric.criteria:
        levels = "；".join(f"{level.title}={level.points_x10 / 10:g}" for level in one.levels)
        lines.append(" | ".join(part for part in (one.title, f"{one.max_x10 / 10:g}", levels, one.description) if part))
    return "\n".join(lines)


def instant(wall: datetime | None) -> datetime | None:
    """A wall-clock time of Shanghai as an instant."""
    return None if wall is None else wall.replace(tzinfo=SHANGHAI)


def wall(at: datetime | None) -> datetime | None:
    """An instant as the wall clock of Shanghai shows it, for a form."""
    return None if at is None else local(at).replace(tzinfo=None, second=0, microsecond=0)


class SetupForm(Form):
    """The rules of an assignment."""

    max_points = DecimalField(_l("满分"), [InputRequired(), NumberRange(min=1, max=1000)], places=1, default=Decimal(100))
    rubric = LongText(
        _l("评分标准"),
        [Length(max=8000)],
        description=_l(
            "每行一项：评分项 | 满分 | 等级=得分；等级=得分 | 说明。等级和说明可以不写；整栏留空表示直接打总分。合计与作业满分不同时按比例折算"
        ),
    )
    takes_text = BooleanField(_l("在线填写正文"), default=True)
    file_kinds = Checks(_l("允许上传的文件"), choices=picks(labels.FILES))
    max_files = IntegerField(_l("最多文件数"), [Optional(), NumberRange(min=0, max=50)], default=3, description=_l("0 表示不收文件"))
    max_mb = IntegerField(
        _l("每个文件上限（MB）"), [Optional(), NumberRange(min=1, max=500)], default=20, description=_l("类型按内容检查，不只看后缀")
    )
    due_at = DateTimeLocalField(_l("截止时间"), [Optional()], description=_l("北京时间；留空表示没有截止时间"))
    cutoff_at = DateTimeLocalField(_l("最后截止时间"), [Optional()], description=_l("此后不再接收；留空表示迟交一直接收"))
    grace_hours = IntegerField(_l("宽限（小时）"), [Optional(), NumberRange(min=0, max=720)], default=0, description=_l("宽限内提交不算迟交"))
    percent_per_day = IntegerField(
        _l("每迟交一天扣（满分的百分之几）"), [Optional(), NumberRange(min=0, max=100)], default=0, description=_l("不足一天按一天计；0 表示不扣")
    )
    versions = IntegerField(_l("可提交次数"), [Optional(), NumberRange(min=1, max=50)], description=_l("留空表示截止前可反复提交，每一版都保留"))
    is_group = BooleanField(_l("小组提交"), description=_l("按本期课程的分组，一人提交即全组提交"))
    is_double = BooleanField(_l("双人评分"), description=_l("两位教师各自独立评分；分差超过下面的数值时由第三位教师裁定，否则取平均"))
    limit = DecimalField(_l("允许的分差"), [Optional(), NumberRange(min=0, max=1000)], places=1, default=Decimal(10))
    checks_likeness = BooleanField(_l("显示文本相似提示"), description=_l("只比较本作业各份在线正文，供教师参考，不作认定依据"))
    peers = IntegerField(_l("每人互评份数"), [Optional(), NumberRange(min=0, max=10)], default=0, description=_l("0 表示不互评；截止后自动匿名分配"))
    peers_needed = IntegerField(
        _l("至少几份评阅有效"), [Optional(), NumberRange(min=1, max=10)], default=2, description=_l("互评截止时不足的作业自动转给教师")
    )
    peer_due_at = DateTimeLocalField(_l("互评截止时间"), [Optional()], description=_l("北京时间；晚于提交截止时间"))
    has_self_review = BooleanField(_l("要求自评"), description=_l("自评不计分，教师可见"))

    def validate_rubric(self, field: Any) -> None:
        """The rubric can be read."""
        try:
            rubric_of(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def show(self, row: Assignment, *, with_dates: bool = True) -> None:
        """Fill the form from what is stored; `with_dates` False: from the run this one was copied from, whose dates are over."""
        self.version.data = row.version if with_dates else 0
        self.max_points.data, self.limit.data = Decimal(row.max_x10) / 10, Decimal(row.limit_x10) / 10
        self.rubric.data = rubric_text(Rubric.of(row.rubric))
        for name in PLAIN:
            self[name].data = getattr(row, name)
        for name in INSTANTS:
            self[name].data = wall(getattr(row, name)) if with_dates else None

    def values(self) -> dict[str, Any]:
        """The columns of an assignment."""
        numbers = {"max_files": 0, "max_mb": 20, "grace_hours": 0, "percent_per_day": 0, "peers": 0, "peers_needed": 1}
        return {
            "max_x10": tenths(self.max_points.data),
            "limit_x10": tenths(self.limit.data),
            "rubric": rubric_of(self.rubric.data or "").as_data(),
            **{name: self[name].data if self[name].data is not None else numbers.get(name) for name in PLAIN},
            "file_kinds": list(self.file_kinds.data or []),
            **{name: instant(self[name].data) for name in INSTANTS},
        }


PLAIN = (
    "takes_text", "file_kinds", "max_files", "max_mb", "grace_hours", "percent_per_day", "versions", "is_group", "is_double",
    "checks_likeness", "peers", "peers_needed", "has_self_review",
)  # fmt: skip
INSTANTS = ("due_at", "cutoff_at", "peer_due_at")


class ExtensionForm(Form):
    """More time for one learner: chosen from a list, or typed where the run has too many to choose from."""

    person_id = OnePerson(_l("学员"))
    login = CodeText(_l("学员登录名、学号或邮箱"), [InputRequired(), Length(max=60)])
    until_at = DateTimeLocalField(_l("延长至"), [InputRequired()])
    reason = Text(_l("理由"), [InputRequired(), Length(max=400)])

    def __init__(self, *args: Any, people: Any = (), **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.person_id.choices = picks(people)
        del self[("login" if people else "person_id")]


class SheetForm(Form):
    """A table of marks."""

    file = FileField(_l("成绩表"), [InputRequired()])


def marking_of(rubric: Rubric, sent: Mapping[str, str]) -> Marking:
    """A judgement from the fields `points_<key>` (or `points`) and `comment`; refuses what is no number."""
    points: dict[str, int] = {}
    for key in [one.key for one in rubric.criteria] or ["points"]:
        text = sent.get(f"points_{key}" if rubric.criteria else "points", "").strip()
        if text:
            points[key] = number_x10(text)
    return Marking(points, sent.get("comment", "").strip()[:4000])
