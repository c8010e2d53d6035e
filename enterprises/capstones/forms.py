"""Input of topics and capstones: shape and type only."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import request
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, IntegerField, SelectField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional

from enterprises.capstones import labels
from enterprises.capstones.types import EvidenceKind, RubricItem, Stage, SupervisorRole, TopicFilter, TopicSource, TopicState
from trainhub.kernel.forms import Form, LongText, Text
from trainhub.kernel.i18n import _, _l


def _none(text: str) -> int | None:
    return int(text) if text and text != "0" else None


class TopicForm(Form):
    """A topic with its source in practice and the evidence for it."""

    enterprise_id = SelectField(_l("企业"), coerce=int, validators=[InputRequired()])
    programme_id = SelectField(_l("面向专业"), coerce=int, validators=[InputRequired()])
    title = Text(_l("题目"), validators=[InputRequired(), Length(max=200)])
    problem = LongText(
        _l("要解决的工程问题"),
        description=_l("写明背景、要求和预期成果；学生和专家都会看到。"),
        validators=[InputRequired(), Length(max=4000)],
    )
    source = SelectField(_l("题目来源"), description=_l("卓越计划学生的选题须来自工程实践（专门要求 8.1）。"), validators=[InputRequired()])
    seats = IntegerField(_l("可接纳人数"), default=1, validators=[InputRequired(), NumberRange(min=1, max=50)])
    skills = Text(_l("需要的能力"), description=_l("用顿号或逗号分开。"), validators=[Length(max=400)])
    evidence_kind = SelectField(_l("证明材料种类"), validators=[Optional()])
    evidence = Text(_l("证明材料编号或说明"), validators=[Length(max=400)])
    file = FileField(_l("证明材料"), description=_l("立项材料、任务书、合同或说明函的扫描件；没有证明材料的选题不满足 8.1。"))
    is_confidential = BooleanField(_l("内容需要保密"), description=_l("证明材料只对校企双方和评价专家开放。"))

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.source.choices = [(one.value, labels.TOPIC_SOURCES[one]) for one in TopicSource]
        self.evidence_kind.choices = [("", _("暂无")), *((one.value, labels.EVIDENCE_KINDS[one]) for one in EvidenceKind)]


class AssignForm(Form):
    """A topic for a student."""

    student_id = SelectField(_l("学生"), coerce=int, validators=[InputRequired()])
    topic_id = SelectField(_l("选题"), coerce=int, validators=[InputRequired()])
    starts_on = DateField(_l("开始日期"), validators=[InputRequired()])
    ends_on = DateField(_l("结束日期"), validators=[InputRequired()])
    place = Text(_l("地点"), description=_l("企业内的车间、部门或实验室。"), validators=[Length(max=200)])


class SupervisorForm(Form):
    """The supervisor of one side."""

    role = Text(_l("角色"), validators=[InputRequired(), AnyOf([role.value for role in SupervisorRole])])
    person_id = IntegerField(_l("导师"), validators=[InputRequired()])


class GuidanceForm(Form):
    """One guidance."""

    role = SelectField(_l("指导方"), validators=[InputRequired()])
    on = DateField(_l("日期"), validators=[InputRequired()])
    content = LongText(_l("指导内容"), description=_l("讨论了什么，下一步做什么。"), validators=[InputRequired(), Length(max=4000)])


class PaperForm(Form):
    """A paper of a stage."""

    stage = SelectField(_l("材料"), validators=[InputRequired()])
    file = FileField(_l("文件"), validators=[InputRequired(_l("请选择文件。"))])
    note = Text(_l("说明"), validators=[Length(max=400)])

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.stage.choices = [(one.value, labels.STAGES[one]) for one in Stage]


def _points(item: RubricItem) -> IntegerField:
    return IntegerField(
        labels.RUBRIC[item],
        description=labels.RUBRIC_HINTS[item],
        validators=[InputRequired(_l("请给 0 至 100 的整数分。")), NumberRange(min=0, max=100, message=_l("请给 0 至 100 的整数分。"))],
        render_kw={"inputmode": "numeric", "min": 0, "max": 100},
    )


class GradeForm(Form):
    """The rubric in four numbers."""

    topic = _points(RubricItem.TOPIC)
    work = _points(RubricItem.WORK)
    result = _points(RubricItem.RESULT)
    report = _points(RubricItem.REPORT)
    comment = LongText(_l("评语"), validators=[Length(max=2000)])
    reason = Text(_l("更正的理由"), validators=[Length(max=400)])

    def points(self) -> dict[RubricItem, int]:
        """Points by item."""
        return {item: getattr(self, item.value).data for item in RubricItem}


class NoteForm(Form):
    """A reason or a note."""

    note = LongText(_l("说明"), validators=[Length(max=400)])


def wanted_topics() -> TopicFilter:
    """The filter of the library; nonsense narrows nothing."""
    args = request.args
    return TopicFilter(
        text=args.get("q", "").strip()[:100],
        programme_id=args.get("programme", type=int) or None,
        source=next((s for s in TopicSource if s.value == args.get("source")), None),
        state=next((s for s in TopicState if s.value == args.get("state")), None),
        has_seats=args.get("seats") == "1",
    )


def first_and_last(today: date) -> tuple[date, date]:
    """A usual span for a capstone that begins now: 16 weeks."""
    from datetime import timedelta

    return today, today + timedelta(days=16 * 7 - 3)
