"""Forms of the catalogue and of authoring: shape and type of input only."""

from __future__ import annotations

import re
from datetime import UTC
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask_wtf.file import FileField
from wtforms import BooleanField, DateTimeLocalField, DecimalField, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import URL, InputRequired, Length, NumberRange, Optional

from courses.catalogue import labels
from courses.catalogue.choice_queries import CHOICES
from courses.catalogue.owning import OwnedForm
from courses.catalogue.types import BlockKind, BodyFormat, EducationType, Family
from trainhub.kernel.clock import is_minute_of
from trainhub.kernel.fields import instant, optional_int, picks, tenths, wall
from trainhub.kernel.forms import CodeText, Form, LongText, Text
from trainhub.kernel.i18n import _l


class CourseForm(OwnedForm):
    """A course: what the catalogue says about it."""

    code = CodeText(_l("课程代码"), [InputRequired(), Length(max=60)], description=_l("字母、数字和 . _ -，例如 IM-101；保存后不能修改"))
    title = Text(_l("课程名称"), [InputRequired(), Length(max=200)])
    title_en = Text(_l("英文名称"), [Length(max=200)])
    summary = LongText(_l("一句话介绍"), [Length(max=500)], description=_l("显示在课程目录的卡片上"))
    description = LongText(_l("课程介绍"), [Length(max=20000)], description=_l("可用 Markdown 书写；写明学什么、适合谁、怎样考核"))
    needs = LongText(_l("需要的基础"), [Length(max=1000)], description=_l("每行一条，例如：学过高等数学"))
    gains = LongText(_l("学完能做什么"), [Length(max=2000)], description=_l("每行一条，显示在课程页面上"))
    language = SelectField(_l("授课语言"), choices=picks(labels.LANGUAGES), default="zh")
    family = RadioField(_l("课程类别"), [InputRequired()], choices=picks(labels.FAMILIES), default="professional")
    education_type = RadioField(_l("教育类型"), [InputRequired()], choices=picks(labels.EDUCATION_TYPES), default="continuing")
    key_field_no = SelectField(_l("重点领域"), coerce=optional_int, default="")
    focus_area_no = SelectField(_l("互联网经济方向"), coerce=optional_int, default="")
    hours = DecimalField(_l("学时"), [InputRequired(), NumberRange(min=0, max=10000)], places=1, default=Decimal(16))
    credits = DecimalField(_l("学分"), [Optional(), NumberRange(min=0, max=100)], places=1)
    cover = FileField(_l("封面图"), description=_l("显示在课程目录；建议 16:9，PNG、JPEG 或 WebP"))
    prerequisites = SelectMultipleField(_l("先修课程"), coerce=int, description=_l("学完所选课程后才能报名；留空表示没有要求"))
    more_prerequisites = Text(_l("其他先修课程的代码"), [Length(max=1000)], description=_l("不在上面列表中的课程，用逗号隔开，例如 IM-101, IM-102"))
    level = Text(_l("适合对象"), [Length(max=40)], description=_l("例如：大二以上、入门、企业技术骨干"))

    def __init__(self, *args: Any, owners: list[tuple[int, str]] = (), courses: Any = (), **kw: Any) -> None:  # type: ignore[assignment]
        super().__init__(*args, **kw)
        self.prerequisites.choices = [SelectChoice(value, label) for value, label in courses]
        if not courses:
            del self.prerequisites
        if len(courses) < CHOICES:
            del self.more_prerequisites
        self.offer(owners)
        known = getattr(kw.get("obj"), "language", "") or "zh"  # an imported course may say zh-CN
        self.language.choices = picks({**labels.LANGUAGES, **({} if known in labels.LANGUAGES else {known: known})})
        none = {"": _l("不限定")}
        self.key_field_no.choices = picks({**none, **labels.KEY_FIELDS})
        self.focus_area_no.choices = picks({**none, **labels.FOCUS_AREAS})

    def more_codes(self) -> list[str]:
        """The codes of further courses that come before, each once."""
        text = (self.more_prerequisites.data or "") if "more_prerequisites" in self else ""
        return list(dict.fromkeys(code for code in re.split(r"[,，;；、\s]+", text) if code))

    def values(self) -> dict[str, Any]:
        """The columns of a course, without its code, title and owner."""
        plain = (
            "title_en",
            "summary",
            "description",
            "needs",
            "gains",
            "language",
            "family",
            "education_type",
            "key_field_no",
            "focus_area_no",
            "level",
        )
        return {
            **{name: self[name].data if self[name].data is not None or name.endswith("_no") else "" for name in plain},
            "family": Family(self.family.data),
            "education_type": EducationType(self.education_type.data),
            "hours_x10": tenths(self.hours.data),
            "credits_x10": tenths(self.credits.data),
        }


class TitleForm(Form):
    """A new section or unit."""

    title = Text(_l("标题"), [InputRequired(), Length(max=200)])


class UnitForm(Form):
    """A unit: its title, the lesson it belongs to, when it opens, until when it should be learnt."""

    title = Text(_l("标题"), [InputRequired(), Length(max=200)])
    lesson_title = Text(_l("所属小节"), [Length(max=200)], description=_l("相邻的、小节名相同的单元在目录中归在一起"))
    release_at = DateTimeLocalField(_l("开放时间"), [Optional()], description=_l("北京时间；留空表示发布后立即开放"))
    due_at = DateTimeLocalField(_l("截止时间"), [Optional()], description=_l("北京时间；显示在学员的日历中，过后仍可学习；留空表示没有截止时间"))
    note = Text(_l("修改说明"), [Length(max=300)], description=_l("记入版本历史"))


class SectionForm(Form):
    """A section: its title and when it opens."""

    title = Text(_l("章名"), [InputRequired(), Length(max=200)])
    release_at = DateTimeLocalField(_l("开放时间"), [Optional()], description=_l("北京时间；留空表示发布后立即开放"))
    note = Text(_l("修改说明"), [Length(max=300)], description=_l("记入版本历史"))


class ConditionForm(Form):
    """One condition more for a part to open."""

    kind = RadioField(_l("条件"), [InputRequired()], choices=picks(labels.CONDITIONS))
    since = DateTimeLocalField(_l("从什么时候起"), [Optional()], description=_l("北京时间"))
    until = DateTimeLocalField(_l("到什么时候止"), [Optional()], description=_l("北京时间"))
    part = SelectField(_l("要完成的内容"), default="")
    min_mark = DecimalField(
        _l("至少多少分"), [Optional(), NumberRange(min=0, max=100)], places=1, description=_l("留空表示完成即可；填写时请选择测验、实验等计分内容")
    )
    group = SelectField(_l("分组"), default="")

    def __init__(self, *args: Any, parts: Any = (), groups: Any = (), **kw: Any) -> None:
        super().__init__(*args, **kw)
        none = [("", _l("请选择"))]
        self.part.choices, self.group.choices = picks([*none, *parts]), picks([*none, *groups])


class BlockForm(Form):
    """A block of any kind; the page shows the fields that its kind has."""

    title = Text(_l("标题"), [Length(max=200)])
    body = LongText(_l("正文"), [Length(max=200_000)])
    body_format = RadioField(
        _l("书写格式"), [Optional()], choices=picks({BodyFormat.MARKDOWN: "Markdown", BodyFormat.HTML: "HTML"}), default=BodyFormat.MARKDOWN.value
    )
    url = Text(_l("网址"), [Optional(), Length(max=1000), URL(require_tld=False)])
    source = Text(_l("视频地址"), [Optional(), Length(max=1000)], description=_l("以 https:// 开头的视频文件地址；或在下面上传文件"))
    upload = FileField(_l("上传文件"))
    minutes = DecimalField(
        _l("视频时长（分钟）"), [Optional(), NumberRange(min=0, max=1000)], places=2, description=_l("观看满 80% 自动记为学完；留空时由学员自行标记")
    )
    options = LongText(
        _l("选项"), [Length(max=5000)], description=_l("每行一个，2 到 20 个。有人投票后可以更正错字、在末尾添加；更正过的选项会注明投票时的文字")
    )
    starts_at = DateTimeLocalField(_l("开始时间"), [Optional()], description=_l("北京时间"))
    ends_at = DateTimeLocalField(_l("结束时间"), [Optional()], description=_l("北京时间"))
    recording = Text(_l("回放地址"), [Optional(), Length(max=1000), URL(require_tld=False)], description=_l("直播结束后填写，学员即可观看回放"))
    self_marked = BooleanField(_l("由学员自己标记完成"), description=_l("实验平台不能回传结果时选用；这样的实验不能计入总成绩"))
    is_required = BooleanField(_l("必学（计入完成条件）"), default=True)
    is_graded = BooleanField(_l("计入总成绩"))
    weight = DecimalField(_l("成绩权重"), [Optional(), NumberRange(min=0, max=1000)], places=1, default=Decimal(1))
    note = Text(_l("修改说明"), [Length(max=300)], description=_l("记入版本历史"))

    FIELDS = {
        BlockKind.TEXT: ("title", "body", "body_format", "is_required"),
        BlockKind.VIDEO: ("title", "source", "upload", "minutes", "body", "is_required"),
        BlockKind.FILE: ("title", "upload", "body", "is_required"),
        BlockKind.LINK: ("title", "url", "body", "is_required"),
        BlockKind.VSIM: ("title", "url", "body", "self_marked", "is_required", "is_graded", "weight"),
        BlockKind.POLL: ("title", "body", "options", "is_required"),
        BlockKind.LIVE: ("title", "url", "starts_at", "ends_at", "recording", "body", "is_required"),
        BlockKind.DISCUSSION: ("title", "body", "is_required"),
        BlockKind.ASSIGNMENT: ("title", "body", "is_required", "is_graded", "weight"),
        BlockKind.QUIZ: ("title", "body", "is_required", "is_graded", "weight"),
        BlockKind.UNKNOWN: ("title",),
    }
    """The fields of each kind; how a quiz is taken stands on its own page (`assessment.forms.QuizForm`)."""

    def settings_of(self, kind: BlockKind, known: dict[str, Any]) -> dict[str, Any]:
        """A block's settings from the fields of its kind; what a format left stays."""
        made = dict(known)
        if kind in (BlockKind.LINK, BlockKind.VSIM, BlockKind.LIVE):
            made["url"] = self.url.data or ""
        if kind is BlockKind.VSIM and (self.self_marked.data or "self_marked" in made):
            made["self_marked"] = bool(self.self_marked.data)
        if kind is BlockKind.POLL:
            made["options"] = (self.options.data or "").splitlines()
        if kind is BlockKind.LIVE:
            for name in ("starts_at", "ends_at"):
                at = instant(self[name].data)
                if at is None or not is_minute_of(made.get(name), at):  # what was left alone is no change, however it is written
                    made[name] = at.astimezone(UTC).isoformat() if at else None
            made["recording"] = self.recording.data or ""
        if kind is BlockKind.VIDEO:
            made["source"] = self.source.data or ""
            if made["source"]:
                made["youtube"] = ""
            made["duration"] = _seconds(self.minutes.data, known.get("duration"))
        return made

    def show(self, kind: BlockKind, settings: dict[str, Any]) -> None:
        """Fill the fields from a block's settings."""
        self.url.data = settings.get("url", "")
        self.source.data = settings.get("source", "")
        self.self_marked.data = bool(settings.get("self_marked"))
        self.options.data = "\n".join(settings.get("options") or ())
        self.starts_at.data, self.ends_at.data = wall(settings.get("starts_at")), wall(settings.get("ends_at"))
        self.recording.data = settings.get("recording", "")
        if settings.get("duration"):
            self.minutes.data = Decimal(str(settings["duration"])) / 60


def _seconds(minutes: Decimal | None, known: Any) -> Any:
    """A length typed in hundredths of a minute as seconds; `known` where that length is shown as what was typed: left alone it is no change."""
    if not minutes:
        return None
    if known and round(Decimal(str(known)) / 60, 2) == round(minutes, 2):
        return known
    return int((minutes * 60).to_integral_value(ROUND_HALF_UP))
