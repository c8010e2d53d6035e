"""What is asked about a run: here when it is made, and in `learning` where a raised quota promotes those who wait."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from wtforms import BooleanField, DateField, DecimalField, IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from courses.catalogue import labels
from courses.catalogue.types import RunMode
from trainhub.kernel.fields import optional_int, picks, tenths
from trainhub.kernel.forms import CodeText, Form, Text
from trainhub.kernel.i18n import _l
from trainhub.ledger.types import Category


class RunForm(Form):
    """One run of a course."""

    code = CodeText(_l("期次代码"), [InputRequired(), Length(max=40)], description=_l("例如 2026-autumn；保存后不能修改"))
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
    run_title = Text(_l("本期名称"), [Length(max=200)], description=_l("留空表示与课程相同；目录、课程页面和证书用本期自己的名称"))
    run_title_en = Text(_l("本期英文名称"), [Length(max=200)])
    run_summary = Text(_l("本期简介"), [Length(max=500)], description=_l("留空表示与课程相同"))
    run_hours = DecimalField(_l("本期学时"), [Optional(), NumberRange(min=0, max=10000)], places=1, description=_l("留空表示与课程相同"))
    run_credits = DecimalField(_l("本期学分"), [Optional(), NumberRange(min=0, max=100)], places=1, description=_l("留空表示与课程相同"))
    run_language = SelectField(_l("本期授课语言"), default="")
    counts_for_goal = BooleanField(_l("完成后计入互联网经济人才培训目标"), description=_l("勾选以前已经完成的学员也按各自的完成日期补记"))
    goal_category = RadioField(_l("培训对象"), [InputRequired()], choices=picks(labels.CATEGORIES), default="worker")

    def __init__(self, *args: Any, cohorts: Any = (), **kw: Any) -> None:
        if kw.get("obj") is not None:
            run = kw["obj"]
            kw.setdefault("completion_share", run.completion_share_x1000 // 10)
            for name, own in (("run_hours", run.own_hours_x10), ("run_credits", run.own_credits_x10)):
                kw[name] = None if own is None else Decimal(own) / 10
            for name in ("title", "title_en", "summary"):
                kw[f"run_{name}"] = getattr(run, f"own_{name}") or ""
            kw["run_language"] = run.own_language or ""
        super().__init__(*args, **kw)
        self.run_language.choices = picks({"": _l("与课程相同"), **labels.LANGUAGES})
        self.cohort_id.choices = picks([("", _l("不限定")), *cohorts])

    def values(self) -> dict[str, Any]:
        """The columns of a run, without its code and first day; without the way of enrolment where the page does not ask for it."""
        way = {}
        if self.mode is not None:
            way = {"mode": RunMode(self.mode.data), "cohort_id": self.cohort_id.data if self.mode.data == RunMode.COHORT else None}
        return {
            **way,
            "ends_on": self.ends_on.data,
            "enrol_from": self.enrol_from.data,
            "enrol_until": self.enrol_until.data,
            "withdraw_until": self.withdraw_until.data,
            "quota": self.quota.data,
            "pass_mark_x10": tenths(self.pass_mark.data),
            "completion_share_x1000": (self.completion_share.data or 100) * 10,
            "own_title": (self.run_title.data or "").strip() or None,
            "own_title_en": (self.run_title_en.data or "").strip() or None,
            "own_summary": (self.run_summary.data or "").strip() or None,
            "own_hours_x10": None if self.run_hours.data is None else tenths(self.run_hours.data),
            "own_credits_x10": None if self.run_credits.data is None else tenths(self.run_credits.data),
            "own_language": self.run_language.data or None,
            "counts_for_goal": bool(self.counts_for_goal.data),
            "goal_category": Category(self.goal_category.data),
        }
