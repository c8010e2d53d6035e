"""Forms of curricula."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms import BooleanField, DateField, DecimalField, IntegerField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from courses.curriculum import labels
from courses.curriculum.types import AssessmentKind, CourseCategory, CourseRow, DeliveryMode, Importance, Language, ResearchMethod
from trainhub.kernel.forms import Checks, CodeText, Form, LongText, Text
from trainhub.kernel.i18n import _, _l


def _choices(words: Mapping[Any, Any]) -> list[SelectChoice]:
    return [SelectChoice(member.value, label) for member, label in words.items()]


class CourseForm(Form):
    """A course of a plan."""

    code = CodeText(_l("课程代码"), [InputRequired(_l("请填写课程代码。")), Length(max=40)])
    name = Text(_l("课程名称"), [InputRequired(_l("请填写课程名称。")), Length(max=160)])
    category = SelectField(_l("类别"), choices=_choices(labels.CATEGORIES), coerce=CourseCategory)
    importance = SelectField(_l("地位"), choices=_choices(labels.IMPORTANCE), coerce=Importance)
    is_optional = BooleanField(_l("选修"), description=_l("学生可以不修；只核查修读了这门课的学生的达成结论（PETOE-2.5）。必修课程不勾选。"))
    term = IntegerField(_l("开课学期"), [InputRequired(_l("请填写学期。")), NumberRange(1, 12)])
    hours = IntegerField(_l("学时"), [InputRequired(_l("请填写学时。")), NumberRange(1, 2000)])
    credits = DecimalField(_l("学分"), [InputRequired(_l("请填写学分。")), NumberRange(0, 100)], places=1)
    delivery_modes = Checks(_l("实施方式"), choices=_choices(labels.MODES), coerce=DeliveryMode)
    research_methods = Checks(_l("研究性学习方法"), choices=_choices(labels.METHODS), coerce=ResearchMethod)
    language = SelectField(_l("授课语言"), choices=_choices(labels.LANGUAGES), coerce=Language)


class CourseChangeForm(CourseForm):
    """Changes to a course. Its code is offered while nobody was marked in it; left out, it stays."""

    code = CodeText(_l("课程代码"), [Optional(), Length(max=40)])
    revised_on = DateField(_l("大纲最近修订"), [Optional()], description=_l("本次修订了大纲的，填写修订日期；改动记入修订记录（PETOE-2.6）。"))
    required = Checks(_l("先修课程"), coerce=int, description=_l("在较早的学期或同一学期开设，且不互为先修。"))
    reason = Text(_l("更正理由"), [Optional(), Length(max=400)], description=_l("更正课程代码，或已安排开课后改为选修、改回必修时填写。"))

    def offer(self, courses: Iterable[CourseRow], but: int) -> None:
        """Let the other courses of the plan be chosen, term by term."""
        others = [one for one in courses if one.id != but]
        self.required.choices = [SelectChoice(one.id, _("第 %(n)s 学期 · %(name)s", n=one.term, name=one.name)) for one in others]


class ObjectiveForm(Form):
    """A teaching objective."""

    text = LongText(_l("课程目标"), [InputRequired(_l("请填写课程目标的内容。")), Length(max=1000)])


class AssessmentForm(Form):
    """A part of the assessment."""

    kind = SelectField(_l("考核方式"), choices=_choices(labels.ASSESSMENTS), coerce=AssessmentKind)
    title = Text(_l("名称"), [Length(max=120)], description=_l("例如“期末考试”“课程设计”"))
    weight_percent = IntegerField(_l("权重（%）"), [InputRequired(_l("请填写权重。")), NumberRange(1, 100)])
