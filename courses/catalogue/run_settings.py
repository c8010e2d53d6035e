"""What is asked about a run: here when it is made, and in `learning` where a raised quota promotes those who wait."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, DateField, DecimalField, IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from courses.catalogue import labels
from courses.catalogue.types import RunMode
from trainhub.kernel.fields import optional_int, picks, tenths
from trainhub.kernel.forms import Form, Text
from trainhub.kernel.i18n import _l
from trainhub.ledger.types import Category


class RunForm(Form):
    """One run of a course."""

    code = Text(_l("期次代码"), [InputRequired(), Length(max=40)], description=_l("例如 2026-autumn；保存后不能修改"))
    starts_on = DateField(_l("开始日期"), [InputRequired()])
    ends_on = DateField(_l("结束日期"), [Optional()])
    enrol_from = DateField(_l("报名开始"), [Optional()])
    enrol_until = DateField(_l("报名截止"), [Optional()], description=_l("留空表示到课程结束那天为止；没有结束日期的随时可以报名"))
    withdraw_until = DateField(_l("退课截止"), [Optional()], description=_l("留空表示完成前都可以退出；教师随时可以移出学员"))
    mode = RadioField(_l("报名方式"), [InputRequired()], choices=picks(labels.MODES), default="open")
    cohort_id = SelectField(_l("年级"), coerce=optional_int, default="", description=_l("只在“指定年级加入”时需要"))
    quota = IntegerField(_l("名额"), [Optional(), NumberRange(min=1, max=1_000_000)], description=_l("留空表示不限；满额后自动进入候补"))
    pass_mark = DecimalField(_l("合格线（百分制）"), [InputRequired(), NumberRange(min=0, max=100)], places=1)
    completion_share = IntegerField(
        _l("完成规则：学完必学内容的百分之几"),
        [Optional(), NumberRange(min=1, max=100)],
        default=100,
        description=_l("达到这个比例，且成绩达到合格线，即为完成课程；通常为 100"),
    )
    counts_for_goal = BooleanField(_l("完成后计入互联网经济人才培训目标"))
    goal_category = RadioField(_l("培训对象"), [InputRequired()], choices=picks(labels.CATEGORIES), default="worker")

    def __init__(self, *args: Any, cohorts: Any = (), **kw: Any) -> None:
        if kw.get("obj") is not None:
            kw.setdefault("completion_share", kw["obj"].completion_share_x1000 // 10)
        super().__init__(*args, **kw)
        self.cohort_id.choices = picks([("", _l("不限定")), *cohorts])

    def values(self) -> dict[str, Any]:
        """The columns of a run, without its code and first day."""
        return {
            "cohort_id": self.cohort_id.data if self.mode.data == RunMode.COHORT else None,
            "ends_on": self.ends_on.data,
            "enrol_from": self.enrol_from.data,
            "enrol_until": self.enrol_until.data,
            "withdraw_until": self.withdraw_until.data,
            "mode": RunMode(self.mode.data),
            "quota": self.quota.data,
            "pass_mark_x10": tenths(self.pass_mark.data),
            "completion_share_x1000": (self.completion_share.data or 100) * 10,
            "counts_for_goal": bool(self.counts_for_goal.data),
            "goal_category": Category(self.goal_category.data),
        }
