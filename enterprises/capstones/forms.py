"""Input of topics and capstones: shape and type only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import request
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, DecimalField, IntegerField, SelectField, SelectMultipleField, TimeField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional, ValidationError

from enterprises.capstones import labels
from enterprises.capstones.types import (
    EvidenceKind,
    EvidenceState,
    RoundKind,
    Stage,
    SupervisorRole,
    TopicFilter,
    TopicSource,
    TopicState,
    Verdict,
    WindowStage,
)
from trainhub.kernel.fields import OnePerson
from trainhub.kernel.forms import Form, LongText, Text
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.numbers import a_day, whole

SECRECY = _l(
    "题目、企业和需要的能力仍然公开，请勿把保密内容写进题目；问题、证明、论文和过程材料只对校企双方负责人、承担的学生和导师、"
    "指定的评审人、主管部门和评价专家开放，答辩不公开。"
)
"""What it means that a topic is confidential (docs/capstones.md)."""


def split_skills(text: str | None) -> list[str]:
    """Skills as they are typed: apart by 、 or a comma."""
    return [one.strip() for one in re.split(r"[、,，;；|]", text or "") if one.strip()]


class _Evidence(Form):
    """What a topic that comes from practice is proved by."""

    evidence_kind = SelectField(_l("证明材料种类"), validators=[Optional()])
    evidence = Text(_l("证明材料编号或说明"), validators=[Length(max=400)])
    file = FileField(_l("证明材料"), description=_l("立项材料、任务书、合同或说明函的扫描件；没有证明材料的选题不满足 8.1。"))

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.evidence_kind.choices = [("", _("暂无")), *((one.value, labels.EVIDENCE_KINDS[one]) for one in EvidenceKind)]

    def kind(self) -> EvidenceKind | None:
        """The kind of evidence, if one was chosen."""
        return EvidenceKind(self.evidence_kind.data) if self.evidence_kind.data else None


class TopicForm(_Evidence):
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
    team_most = IntegerField(
        _l("小组最多人数"),
        default=1,
        description=_l("1 表示各做各的；多人协作的选题填小组人数上限。"),
        validators=[Optional(), NumberRange(min=1, max=10)],
    )
    skills = Text(_l("需要的能力"), description=_l("用顿号或逗号分开。"), validators=[Length(max=400)])
    is_confidential = BooleanField(_l("内容需要保密"), description=SECRECY)

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.source.choices = [(one.value, labels.TOPIC_SOURCES[one]) for one in TopicSource]


class AssignForm(Form):
    """A topic for a student."""

    student_id = OnePerson(_l("学生"))
    topic_id = SelectField(_l("选题"), coerce=int, validators=[InputRequired()])
    starts_on = DateField(_l("开始日期"), validators=[InputRequired()])
    ends_on = DateField(_l("结束日期"), validators=[InputRequired()])
    place = Text(_l("地点"), description=_l("企业内的车间、部门或实验室。"), validators=[Length(max=200)])


class ArrangeForm(Form):
    """Place and days of a capstone."""

    place = Text(_l("地点"), description=_l("企业内的车间、部门或实验室。"), validators=[Length(max=200)])
    starts_on = DateField(_l("开始日期"), validators=[InputRequired()])
    ends_on = DateField(_l("结束日期"), validators=[InputRequired()])
    reason = Text(_l("理由"), id="arrange-reason", description=_l("第一次填写地点不需要理由。"), validators=[Length(max=400)])


class SupervisorForm(Form):
    """The supervisor of one side."""

    role = Text(_l("角色"), validators=[InputRequired(), AnyOf([role.value for role in SupervisorRole])])
    person_id = IntegerField(_l("导师"), validators=[InputRequired()])
    reason = Text(_l("更换导师或跨学科指导的理由"), validators=[Length(max=400)])


class GuidanceForm(Form):
    """One guidance."""

    role = SelectField(_l("指导方"), validators=[InputRequired()])
    on = DateField(_l("日期"), validators=[InputRequired()])
    content = LongText(_l("指导内容"), description=_l("讨论了什么，下一步做什么。"), validators=[InputRequired(), Length(max=4000)])


def one_place(_form: Any, field: Any) -> None:
    """What is kept in tenths is typed in tenths: nothing is cut off unseen."""
    if field.data is not None and field.data * 10 != int(field.data * 10):
        raise ValidationError(_("最多一位小数，例如 30.1。"))


class PaperForm(Form):
    """A paper of a stage."""

    stage = SelectField(_l("材料"), validators=[InputRequired()])
    file = FileField(_l("文件"), validators=[InputRequired(_l("请选择文件。"))])
    similarity = DecimalField(
        _l("总相似比例（%）"),
        places=1,
        description=_l("只有查重报告需要填写，最多一位小数。"),
        validators=[Optional(), NumberRange(min=0, max=100), one_place],
    )
    note = Text(_l("说明"), validators=[Length(max=400)])

    def similarity_x10(self) -> int | None:
        """Tenths of a per cent."""
        return None if self.similarity.data is None else int(self.similarity.data * 10)

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.stage.choices = [(one.value, labels.STAGES[one]) for one in Stage]


class AnonymousForm(Form):
    """A thesis without names."""

    file = FileField(
        _l("匿名稿"),
        description=_l("与论文相同、去掉姓名和学号的 PDF 或 Word 文件；提交时检查文件属性和正文。"),
        validators=[InputRequired(_l("请选择文件。"))],
    )
    is_other = BooleanField(_l("正文中的同名是别人（例如参考文献的作者）"))


def _points(label: Any, hint: Any) -> IntegerField:
    return IntegerField(
        label,
        description=hint,
        validators=[InputRequired(_l("请给 0 至 100 的整数分。")), NumberRange(min=0, max=100, message=_l("请给 0 至 100 的整数分。"))],
        render_kw={"inputmode": "numeric", "min": 0, "max": 100},
    )


class GradeForm(Form):
    """The words of a grade; `grade_form` adds a number for every item of the rubric."""

    comment = LongText(_l("评语"), validators=[Length(max=2000)])
    reason = Text(_l("更正的理由"), validators=[Length(max=400)])
    items: tuple[dict[str, Any], ...] = ()

    def points(self) -> dict[str, int]:
        """Points by the item's code."""
        return {item["code"]: self[item["code"]].data for item in self.items}

    def fill(self, rubric: dict[str, Any], comment: str) -> None:
        """Show what was signed; by the name of an item where a later edition of the rubric has given it another code."""
        named = {one["label"]: one["points"] for one in rubric.values()}
        for item in self.items:
            self[item["code"]].data = rubric.get(item["code"], {}).get("points", named.get(str(item["label"])))
        self.comment.data = comment


def grade_form(items: Sequence[dict[str, Any]]) -> GradeForm:
    """A form with one number for each item of the rubric."""
    fields: dict[str, Any] = {
        item["code"]: _points(_("%(item)s（占 %(weight)s%%）", item=item["label"], weight=item["weight"]), item["hint"]) for item in items
    }
    made: GradeForm = type("GradeFormOf", (GradeForm,), {**fields, "items": tuple(items)})()
    return made


class ReviewForm(Form):
    """A review: points, a conclusion, words."""

    score = IntegerField(
        _l("评阅成绩"), validators=[InputRequired(), NumberRange(min=0, max=100)], render_kw={"inputmode": "numeric", "min": 0, "max": 100}
    )
    verdict = SelectField(_l("结论"), validators=[InputRequired()])
    comment = LongText(
        _l("评阅意见"), description=_l("选题、方案、论证、写作各有什么长处和问题；学生会看到。"), validators=[InputRequired(), Length(max=4000)]
    )
    file = FileField(_l("附件"), description=_l("评阅表或批注过的论文；与意见一起签名，存档时连同校验码保留。"))

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.verdict.choices = [(one.value, labels.VERDICTS[one]) for one in Verdict]


class ExtensionForm(Form):
    """More time for one student."""

    stage = SelectField(_l("阶段"), validators=[InputRequired()])
    until = DateField(_l("延期到"), validators=[InputRequired()])
    reason = Text(_l("理由"), validators=[InputRequired(), Length(max=400)])

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.stage.choices = [(one.value, labels.WINDOWS[one]) for one in WindowStage]


class GroupForm(Form):
    """A defence group."""

    name = Text(_l("组名"), validators=[InputRequired(), Length(max=60)])
    room = Text(_l("地点"), validators=[InputRequired(), Length(max=100)])
    on = DateField(_l("日期"), validators=[InputRequired()])
    starts_at = TimeField(_l("开始时间"), validators=[InputRequired()])
    minutes_each = IntegerField(_l("每人分钟数"), default=30, validators=[InputRequired(), NumberRange(min=5, max=180)])
    chair_id = OnePerson(_l("组长"))
    members = SelectMultipleField(_l("成员"), coerce=int, description=_l("至少两位，可以包括企业专家。"), validators=[InputRequired()])
    secretary_id = OnePerson(_l("秘书"), description=_l("秘书登录后签署答辩记录，只列出有账户的人。"))


class NoteForm(Form):
    """A reason or a note."""

    note = LongText(_l("说明"), validators=[Length(max=400)])


def wanted_topics() -> TopicFilter:
    """The filter of the library; nonsense narrows nothing."""
    args = request.args
    return TopicFilter(
        text=args.get("q", "").strip()[:100],
        programme_id=args.get("programme", type=whole) or None,
        source=next((s for s in TopicSource if s.value == args.get("source")), None),
        state=next((s for s in TopicState if s.value == args.get("state")), None),
        has_seats=args.get("seats") == "1",
        evidence=next((s for s in EvidenceState if s.value == args.get("evidence")), None),
    )


def first_and_last(today: date) -> tuple[date, date]:
    """A usual span for a capstone that begins now: 16 weeks."""
    from datetime import timedelta

    return today, today + timedelta(days=16 * 7 - 3)


class RoundDaysForm(Form):
    """The days of a choice round."""

    opens_on = DateField(_l("填报开始"), validators=[InputRequired()])
    closes_on = DateField(_l("填报截止"), description=_l("当天 24 时截止。"), validators=[InputRequired()])
    starts_on = DateField(_l("毕业设计开始"), validators=[InputRequired()])
    ends_on = DateField(_l("毕业设计结束"), validators=[InputRequired()])
    most = IntegerField(_l("最多志愿数"), default=5, validators=[InputRequired(), NumberRange(min=1, max=15)])


class RoundForm(RoundDaysForm):
    """A choice round."""

    kind = SelectField(_l("轮次"), validators=[InputRequired()])

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.kind.choices = [(one.value, labels.ROUND_KINDS[one]) for one in RoundKind]


class SuggestForm(_Evidence):
    """A student's own topic: a problem of an enterprise he knows from his placement."""

    enterprise_id = SelectField(
        _l("企业"), coerce=int, description=_l("你实习的企业；企业和学校都审批通过后由你本人承担。"), validators=[InputRequired()]
    )
    title = Text(_l("题目"), validators=[InputRequired(), Length(max=200)])
    problem = LongText(
        _l("要解决的工程问题"), description=_l("问题从哪里来，企业谁了解情况，预期做出什么。"), validators=[InputRequired(), Length(max=4000)]
    )
    seats = IntegerField(
        _l("承担人数"),
        default=1,
        description=_l("包括你自己；多于 1 人时由你当组长，在选题轮次里组队承担。"),
        validators=[InputRequired(), NumberRange(min=1, max=10)],
    )
    skills = Text(_l("需要的能力"), description=_l("用顿号或逗号分开。"), validators=[Length(max=400)])
    is_confidential = BooleanField(_l("内容需要保密"), description=SECRECY)


class ReviseForm(_Evidence):
    """A topic that was sent back, proposed again."""

    title = Text(_l("题目"), validators=[InputRequired(), Length(max=200)])
    problem = LongText(_l("要解决的工程问题"), validators=[InputRequired(), Length(max=4000)])
    seats = IntegerField(_l("可接纳人数"), validators=[InputRequired(), NumberRange(min=1, max=50)])
    team_most = IntegerField(
        _l("小组最多人数"), description=_l("1 表示各做各的；多人协作的选题填小组人数上限。"), validators=[InputRequired(), NumberRange(min=1, max=10)]
    )
    skills = Text(_l("需要的能力"), description=_l("用顿号或逗号分开。"), validators=[Length(max=400)])
    file = FileField(_l("新的证明材料"), description=_l("不选则保留原来的。"))
    is_confidential = BooleanField(_l("内容需要保密"), description=SECRECY)


class EvidenceForm(Form):
    """The evidence of a topic that was proposed without."""

    evidence_kind = SelectField(_l("证明材料种类"), validators=[InputRequired()])
    evidence = Text(_l("证明材料编号或说明"), validators=[Length(max=400)])
    file = FileField(_l("文件"), validators=[InputRequired(_l("请选择文件。"))])

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.evidence_kind.choices = [(one.value, labels.EVIDENCE_KINDS[one]) for one in EvidenceKind]


def as_date(text: str) -> date:
    """A day of a plain field; raises ValueError for anything else."""
    return a_day(text)
