"""Forms of teaching: shape and type only."""

from __future__ import annotations

from wtforms import BooleanField, DateField, DecimalField, IntegerField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from courses.teaching import labels
from courses.teaching.types import AppraisalResult
from trainhub.kernel.fields import OnePerson
from trainhub.kernel.forms import Form, LongText, Text
from trainhub.kernel.i18n import _l


def _maybe(text: object) -> int | None:
    return int(str(text)) if text not in (None, "", "None") else None


class OfferingForm(Form):
    """A course for a cohort."""

    course_id = SelectField(_l("课程"), coerce=int, choices=[], validators=[InputRequired(_l("请选择一项。"))])
    first_teaching_on = DateField(_l("首次授课日期"), [InputRequired(_l("请填写日期。"))])
    lead_teacher_id = SelectField(_l("主讲教师"), coerce=_maybe, choices=[], validators=[Optional()])
    relevance = LongText(
        _l("企业经历对课程目标的支持"), [Optional(), Length(max=1000)], description=_l("主讲教师的企业经历怎样支持课程教学目标（PETOE-5.3）。")
    )
    is_designated = BooleanField(_l("列入 6 门专业课"))


class CorrectionForm(Form):
    """What is right of an offering, and why it was wrong. The fields are called as those of the row."""

    first_teaching_on = DateField(
        _l("首次授课日期"), [InputRequired(_l("请填写日期。"))], description=_l("开课学期随日期确定；5.1、5.2 按这一天核查。")
    )
    lead_teacher_id = SelectField(_l("主讲教师"), coerce=_maybe, choices=[], validators=[Optional()])
    closed_on = DateField(_l("结课日期"), [Optional()], description=_l("清空即取消结课。"))
    relevance = LongText(
        _l("企业经历对课程目标的支持"),
        [Optional(), Length(max=1000)],
        description=_l("主讲教师的企业经历怎样支持课程教学目标（PETOE-5.3）。更换主讲教师而没有改写的，原有内容清空。"),
    )
    waiver = LongText(_l("主讲门数的豁免理由"), [Optional(), Length(max=400)], description=_l("清空即撤销；更换主讲教师而没有改写的，同样清空。"))
    reason = LongText(_l("更正理由"), [InputRequired(_l("请写明更正的理由。")), Length(max=400)])


class TakersForm(Form):
    """Student numbers of those who take an optional course."""

    numbers = LongText(
        _l("学号"),
        [InputRequired(_l("请填写学号。")), Length(max=20000)],
        description=_l("可从教务系统的选课名单复制；用空格、逗号或换行分开。只能列入该年级的在籍学生。"),
    )


class LeadForm(Form):
    """Another lead lecturer."""

    lead_teacher_id = OnePerson(_l("主讲教师"))


class ReasonForm(Form):
    """A written reason."""

    reason = LongText(_l("理由"), [InputRequired(_l("请写明理由。")), Length(max=400)])


class DayForm(Form):
    """A day."""

    on = DateField(_l("日期"), [InputRequired(_l("请填写日期。"))])


class TaskForm(Form):
    """A teaching task (教学任务书)."""

    teacher_id = OnePerson(_l("教师"))
    offering_id = SelectField(_l("课程"), coerce=_maybe, choices=[], validators=[Optional()])
    title = Text(_l("任务名称"), [InputRequired(_l("请填写教学任务的名称。")), Length(max=160)])
    hours = DecimalField(_l("学时"), [InputRequired(_l("请填写学时。")), NumberRange(0, 2000)], places=1)
    starts_on = DateField(_l("开始日期"), [InputRequired(_l("请填写日期。"))])
    issued_no = Text(_l("任务书编号"), [Optional(), Length(max=60)])


class AppointmentForm(Form):
    """The file of a part-time teacher."""

    teacher_id = OnePerson(_l("兼职教师"))
    letter_no = Text(_l("聘书编号"), [Optional(), Length(max=60)])
    since = DateField(_l("聘期开始"), [InputRequired(_l("请填写日期。"))])
    until = DateField(_l("聘期结束"), [Optional()], description=_l("同一教师、同一开始日期再次登记即更新，例如补填结束日期。"))
    duties = LongText(_l("岗位职责"), [InputRequired(_l("请写明岗位职责（PETOE-4.7）。")), Length(max=2000)])


class TrainingForm(Form):
    """Training before the job."""

    passed_on = DateField(_l("通过日期"), [InputRequired(_l("请填写日期。"))])
    hours = IntegerField(_l("培训学时"), [InputRequired(_l("请填写学时。")), NumberRange(1, 2000)])


class AppraisalForm(Form):
    """A periodic appraisal."""

    appraised_on = DateField(_l("考核日期"), [InputRequired(_l("请填写日期。"))])
    result = SelectField(
        _l("考核结果"), choices=[SelectChoice(member.value, label) for member, label in labels.APPRAISALS.items()], coerce=AppraisalResult
    )
    remark = Text(_l("说明"), [Optional(), Length(max=400)])


class ReportForm(Form):
    """The end of a secondment with its report."""

    on = DateField(_l("结束日期"), [InputRequired(_l("请填写日期。"))])
    report = LongText(_l("总结"), [InputRequired(_l("请填写总结（PETOE-4.3）。")), Length(max=5000)])
