"""Shape of what people type about placements."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, DecimalField, HiddenField, IntegerField, SelectField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from enterprises.placements import labels
from enterprises.placements.types import AgreementParty, Aim, EventKind, LogTag, PaperKind, WithdrawalSide
from trainhub.kernel.errors import Refused
from trainhub.kernel.fields import OnePerson
from trainhub.kernel.forms import Checks, CodeText, Form, LongText, Text
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.numbers import key_of

NEEDED = _l("请填写此项。")


def options(labelled: Any) -> list[tuple[str, Any]]:
    """Choices of an enum in its own order."""
    return [(member.value, label) for member, label in labelled.items()]


def parts(text: str | None) -> list[str]:
    """A list typed in one line."""
    plain = (text or "").replace("，", "、").replace(",", "、").replace("|", "、").replace(" ", "、")
    return [part.strip() for part in plain.split("、") if part.strip()]


class ListText(Text):
    """A list typed in one line, parted by 、."""

    def process_data(self, value: Any) -> None:
        """Show a stored list."""
        self.data = "、".join(value) if isinstance(value, list) else value


def optional_id(value: Any) -> int | None:
    """The value of a select whose empty choice means none."""
    return int(value) if value not in (None, "", "None") else None


class PlainForm(Form):
    """One button."""


class ReasonForm(Form):
    """A reason."""

    reason = LongText(_l("理由"), [DataRequired(NEEDED), Length(max=400)])


class TermForm(Form):
    """A placement term."""

    university_id = SelectField(_l("学校"), [InputRequired(NEEDED)], coerce=int)
    code = CodeText(_l("代码"), [DataRequired(NEEDED), Length(max=40)], description=_l("如 2026-1。"))
    title = Text(_l("名称"), [DataRequired(NEEDED), Length(max=120)])
    starts_on = DateField(_l("开始日期"), [InputRequired(NEEDED)])
    ends_on = DateField(_l("结束日期"), [InputRequired(NEEDED)])
    weeks = IntegerField(_l("计划周数"), [Optional(), NumberRange(1, 60)], description=_l("不填则按起止日期的整周数。"))


POST_SWITCHES = ("is_through_agency", "takes_fees", "is_unfit_for_minors", "is_unfit_for_women", "is_hard_labour")


def fen(yuan: Decimal | None) -> int | None:
    """Yuan as typed in fen."""
    return None if yuan is None else int(yuan * 100)


def yuan(amount_fen: int | None) -> Decimal | None:
    """Fen as yuan, for a form."""
    return None if amount_fen is None else Decimal(amount_fen) / 100


class PositionForm(Form):
    """A position."""

    enterprise_id = SelectField(_l("企业"), [InputRequired(NEEDED)], coerce=int)
    base_id = SelectField(_l("所在基地"), [Optional()], coerce=optional_id, description=_l("不在基地实习的可不选。"))
    title = Text(_l("岗位名称"), [DataRequired(NEEDED), Length(max=160)])
    description = LongText(_l("工作内容与要求"), [Length(max=4000)])
    majors = ListText(_l("接收专业代码"), [Length(max=400)], description=_l("多个用顿号分开；不填表示不限专业。"))
    skills = ListText(_l("所需技能"), [Length(max=400)])
    county_code = SelectField(_l("工作地点"), [Optional()], coerce=str, description=_l("不选则与基地或企业所在地相同。"))
    hours_per_day = IntegerField(_l("每日工作时间（小时）"), [Optional(), NumberRange(1, 24)], default=8)
    is_night_shift = BooleanField(_l("有夜班"), description=_l("有夜班的岗位不安排职业学校学生。"))
    conditions = LongText(_l("待遇与食宿"), [Length(max=2000)])
    pay = DecimalField(_l("实习报酬（元/月）"), [Optional(), NumberRange(0, 1_000_000)], places=2)
    post_pay = DecimalField(
        _l("相同岗位工资标准（元/月）"), [Optional(), NumberRange(0, 1_000_000)], places=2, description=_l("用于核对报酬（原则上不低于 80%）。")
    )
    is_through_agency = BooleanField(_l("由中介机构组织或代理"), description=_l("不得通过中介机构安排实习。"))
    takes_fees = BooleanField(_l("向学生收费、收押金或扣押证件"), description=_l("不得收取或扣押。"))
    is_unfit_for_minors = BooleanField(_l("属未成年工禁忌从事的劳动"))
    is_unfit_for_women = BooleanField(_l("属女职工禁忌从事的劳动"))
    is_hard_labour = BooleanField(_l("Ⅲ级及以上强度或有害身心健康的劳动"))
    unit_staff = IntegerField(
        _l("单位在岗职工人数"), [Optional(), NumberRange(1, 10_000_000)], description=_l("用于核对实习学生占比（一般不超过 10%）。")
    )
    post_staff = IntegerField(_l("同类岗位职工人数"), [Optional(), NumberRange(1, 10_000_000)], description=_l("一般不超过 20%。"))

    goes_on = BooleanField(_l("仍要保存"), description=_l("已有学生填报：保存后须学校重新审核，通过前暂不参加安排。"))

    def terms(self) -> dict[str, Any]:
        """The conditions of the post."""
        return {
            "hours_per_day": self.hours_per_day.data or 8,
            "is_night_shift": bool(self.is_night_shift.data),
            "conditions": self.conditions.data or "",
            "unit_staff": self.unit_staff.data,
            "post_staff": self.post_staff.data,
            "pay_fen": fen(self.pay.data),
            "post_pay_fen": fen(self.post_pay.data),
            **{name: bool(self[name].data) for name in POST_SWITCHES},
        }


class RoundForm(Form):
    """A round."""

    title = Text(_l("名称"), [DataRequired(NEEDED), Length(max=120)])
    cohort_id = SelectField(_l("专业与年级"), [InputRequired(NEEDED)], coerce=int)
    terms = Checks(_l("实习学期"), coerce=int)
    opens_on = DateField(_l("开始填报"), [InputRequired(NEEDED)])
    closes_on = DateField(_l("截止填报"), [InputRequired(NEEDED)], description=_l("当天 23:59:59 截止。"))
    max_preferences = IntegerField(_l("最多志愿数"), [InputRequired(NEEDED), NumberRange(1, 15)], default=5)
    seed = IntegerField(
        _l("抽签种子"),
        [InputRequired(NEEDED), NumberRange(0, 2_000_000_000)],
        default=1,
        description=_l("条件相同的学生按抽签排序，种子相同结果相同，随轮次公开。"),
    )

    aim = SelectField(
        _l("席位不够时优先"),
        coerce=Aim,
        default=Aim.COMPLETE,
        choices=lambda: options(labels.AIMS),
        description=_l("“让最少学生一周都没有”会减少达到规定周数的人数；可以先试算再决定。"),
    )
    same_enterprise = IntegerField(
        _l("同一企业的优先分"),
        [Optional(), NumberRange(0, 100)],
        default=0,
        description=_l("各学期留在同一企业相当于志愿提前几位；0 为不考虑。只是优先，不会因此减少达到周数的人数。"),
    )
    is_one_enterprise = BooleanField(
        _l("各学期必须在同一企业"),
        description=_l("硬性要求：席位紧张时约四分之一的学生因此达不到周数（经验 26%）。计算后会显示不作此要求时能达到的人数，可先试算比较。"),
    )
    is_mentor_bound = BooleanField(
        _l("不超过企业指导教师能指导的人数"), default=True, description=_l("取消后可能有学生（经验约 6%）没有指导教师，不能开始实习。")
    )

    is_wishes_first = BooleanField(
        _l("先安排填报了志愿的学生"),
        default=True,
        description=_l(
            "没有填报的学生不占填报学生能用的席位，最后才安排到剩余席位；因此达到周数的总人数可能减少，计算后会显示减少多少。"
            "不勾选则填报与否不影响先后，达到周数的总人数最多。"
        ),
    )
    priority_rule = Text(_l("优先次序的依据"), [Length(max=400)], description=_l("随轮次公布，学生填报时能看到；没有优先名单的不用填。"))
    priorities = LongText(
        _l("优先名单"),
        [Length(max=20_000)],
        description=_l("每行一个学号，可在后面空一格写优先级（1 最先，不写为 1）。条件相同的学生先按优先级、再按抽签；不在名单上的排在最后。"),
    )

    def order(self) -> dict[str, int]:
        """The published order as typed. Raises Refused naming a line that is none."""
        found: dict[str, int] = {}
        for number, line in enumerate((self.priorities.data or "").splitlines(), start=1):
            student, *rank = line.replace("，", " ").replace(",", " ").split() or [""]
            known = key_of(rank[0]) if rank else 1
            if known is None or len(rank) > 1 or student in found:
                words = _(
                    "优先名单第 %(n)d 行“%(line)s”有误：每行一个学号，后面可写 1 至 9 的优先级，学号不能重复。", n=number, line=line.strip()[:40]
                )
                raise Refused(words, field="priorities")
            if student:
                found[student] = known
        return found

    def settings(self) -> dict[str, Any]:
        """How the round is planned."""
        return {
            "is_wishes_first": bool(self.is_wishes_first.data),
            "priority_rule": self.priority_rule.data or "",
            "priorities": self.order(),
            "aim": self.aim.data,
            "same_enterprise": self.same_enterprise.data or 0,
            "is_mentor_bound": bool(self.is_mentor_bound.data),
            "is_one_enterprise": bool(self.is_one_enterprise.data),
        }


class WithdrawForm(ReasonForm):
    """Taking a placement back."""

    side = SelectField(
        _l("由谁提出"),
        coerce=WithdrawalSide,
        choices=lambda: options(labels.WITHDRAWAL_SIDES),
        default=WithdrawalSide.SCHOOL,
        description=_l("学生自己放弃的，修补时本学期不再安排；学校或企业提出的，修补时重新安排。"),
    )
    is_seat_open = BooleanField(
        _l("企业仍愿接收其他学生"), description=_l("企业取消时，席位默认一并收回，不再安排别人；勾选则留给其他学生。学校或学生提出的，席位总是释放。")
    )


class PlaceForm(Form):
    """A student placed by hand."""

    term_id = SelectField(_l("实习学期"), [InputRequired(NEEDED)], coerce=int)
    position_id = SelectField(_l("岗位"), [InputRequired(NEEDED)], coerce=int)
    reason = LongText(_l("理由"), [DataRequired(NEEDED), Length(max=200)], description=_l("学生和企业都能看到。"))


class SelfFoundForm(Form):
    """A place that a student found."""

    term_id = SelectField(_l("实习学期"), [InputRequired(NEEDED)], coerce=int)
    enterprise_name = Text(_l("单位全称"), [DataRequired(NEEDED), Length(max=160)])
    enterprise_code = CodeText(_l("统一社会信用代码"), [Length(max=40)], description=_l("知道的话请填写，学校核对更快。"))
    title = Text(_l("岗位名称"), [DataRequired(NEEDED), Length(max=160)])
    address = Text(_l("工作地点"), [Length(max=200)])
    contact = Text(_l("单位联系人与电话"), [Length(max=120)])
    text = LongText(_l("工作内容与专业的关系"), [DataRequired(NEEDED), Length(max=2000)])
    file = FileField(_l("接收函"), description=_l("PDF 或扫描件。"))


class ApproveSelfFoundForm(Form):
    """The enterprise of the register."""

    enterprise_id = SelectField(_l("登记的企业"), [InputRequired(NEEDED)], coerce=int, description=_l("只列出已核验的企业；没有的请先登记并核验。"))


class PlanItemForm(Form):
    """An item of the enterprise training plan."""

    title = Text(_l("教学环节或课程"), [DataRequired(NEEDED), Length(max=120)])
    weeks = DecimalField(_l("周数"), [InputRequired(NEEDED), NumberRange(0.1, 100)], places=1)
    is_at_enterprise = BooleanField(_l("在企业完成"), default=True)
    base_id = SelectField(_l("所在基地"), [Optional()], coerce=optional_id)
    assessment = Text(_l("考核方式"), [Length(max=200)])
    has_enterprise_mentor = BooleanField(_l("有企业指导教师指导并参与评价"), default=True)
    mentor_name = Text(_l("企业指导教师"), [Length(max=120)])

    def facts(self) -> dict[str, Any]:
        """The values for the operation."""
        return {
            "title": self.title.data or "",
            "weeks_x10": int((self.weeks.data or 0) * 10),
            "is_at_enterprise": bool(self.is_at_enterprise.data),
            "base_id": self.base_id.data,
            "assessment": self.assessment.data or "",
            "has_enterprise_mentor": bool(self.has_enterprise_mentor.data),
            "mentor_name": self.mentor_name.data or "",
        }


class CopyPlanForm(Form):
    """The version whose plan is taken as the beginning."""

    source_id = SelectField(_l("复制自"), [InputRequired(NEEDED)], coerce=int)


class PlanSignForm(Form):
    """A signature under the plan: of the school, of an enterprise, or for the items that name none."""

    party = SelectField(_l("签署方"))
    signed_name = Text(_l("签署人"), [DataRequired(NEEDED), Length(max=120)])
    signed_on = DateField(_l("签署日期"), [InputRequired(NEEDED)])
    file = FileField(_l("纸质签署件"), description=_l("企业的纸面签署须上传签署页的扫描件。"))
    edition = HiddenField()


class HostPlanSignForm(Form):
    """An enterprise signs for its side."""

    organisation_id = SelectField(_l("企业"), [InputRequired(NEEDED)], coerce=int)
    signed_name = Text(_l("签署人"), [DataRequired(NEEDED), Length(max=120)])
    is_agreed = BooleanField(_l("本企业已核对各教学环节，同意签署"), [DataRequired(_l("请先核对并勾选同意。"))])
    edition = HiddenField()


class SignForm(Form):
    """A signature under the three-party agreement."""

    party = SelectField(_l("签署方"), coerce=AgreementParty)
    signed_name = Text(_l("签署人"), [DataRequired(NEEDED), Length(max=120)])
    signed_on = DateField(_l("签署日期"), [InputRequired(NEEDED)])
    file = FileField(_l("纸质签署件"))


class TextForm(Form):
    """An amendment, or the correction of a text."""

    changes = LongText(
        _l("变更内容，每行一条"), [DataRequired(NEEDED), Length(max=4000)], description=_l("如：实习结束日期由 2026-06-30 改为 2026-07-15。")
    )
    reason = LongText(_l("理由"), [Length(max=400)])
    file = FileField(_l("文本"), description=_l("PDF 或扫描件。"))


class EventForm(Form):
    """Something that happened."""

    kind = SelectField(_l("类别"), coerce=EventKind)
    since = DateField(_l("起始日期"), [InputRequired(NEEDED)])
    until = DateField(_l("结束日期"), [Optional()], description=_l("当天的不用填。"))
    is_open_ended = BooleanField(_l("还不知道何时结束"), description=_l("请假和中断可以先不定结束日期，恢复到岗后登记最后一天。"))
    text = LongText(_l("情况"), [DataRequired(NEEDED), Length(max=4000)])
    outcome = LongText(_l("已采取的措施"), [Length(max=4000)])


class LeaveEndForm(ReasonForm):
    """The last day of leave that ends sooner."""

    last = DateField(_l("请假的最后一天"), [InputRequired(NEEDED)])


class OutcomeForm(Form):
    """What was done."""

    outcome = LongText(_l("措施与结果"), [DataRequired(NEEDED), Length(max=4000)])


class EndForm(ReasonForm):
    """An early end."""

    on = DateField(_l("最后一天"), [InputRequired(NEEDED)])


class ChangeForm(ReasonForm):
    """A change of base."""

    position_id = SelectField(_l("新的岗位"), [InputRequired(NEEDED)], coerce=int)
    since = DateField(_l("从哪天开始"), [InputRequired(NEEDED)])


class NoteForm(Form):
    """Something written under a weekly log."""

    text = LongText(_l("内容"), [Length(max=4000)])


class InsuranceForm(Form):
    """The insurance."""

    insurance_no = Text(_l("保险单号"), [DataRequired(NEEDED), Length(max=80)])
    insured_from = DateField(_l("起保日期"), [InputRequired(NEEDED)])
    insured_until = DateField(_l("到期日期"), [InputRequired(NEEDED)])
    follows = BooleanField(_l("续保：与已登记的保险相接"), description=_l("原保险保留，合计覆盖两段期间；不勾选则代替已登记的。"))
    is_charged = BooleanField(_l("保费向学生收取"), description=_l("不得收取：保费由学校或企业承担。"))
    file = FileField(_l("保险单"), description=_l("PDF 或扫描件。"))


class SafetyForm(Form):
    """The safety training."""

    safety_trained_on = DateField(_l("安全教育日期"), [InputRequired(NEEDED)])
    file = FileField(_l("签到或考核记录"), description=_l("PDF 或扫描件。"))


class PaperForm(Form):
    """A paper of a placement."""

    kind = SelectField(_l("类别"), coerce=PaperKind)
    note = Text(_l("说明"), [Length(max=200)])
    file = FileField(_l("文件"), [FileRequired(_l("请选择文件。"))], description=_l("PDF 或扫描件。"))


class MentorForm(Form):
    """The mentor of a placement."""

    mentor_id = OnePerson(_l("企业指导教师"))


class GradeForm(Form):
    """The mentor's grade."""

    score = DecimalField(_l("成绩（0–100）"), [InputRequired(NEEDED), NumberRange(0, 100)], places=1)
    comment = LongText(_l("评语"), [Length(max=2000)])


class LogForm(Form):
    """A weekly log."""

    text = LongText(_l("本周做了什么、学到什么、遇到的问题"), [DataRequired(NEEDED), Length(max=4000)])
    tags = Checks(_l("本周涉及"), coerce=LogTag, choices=lambda: options(labels.TAGS))
