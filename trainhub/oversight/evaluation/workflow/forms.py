"""Forms of the workflow: shape and type only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, Optional

from trainhub.kernel.fields import OnePerson
from trainhub.kernel.forms import Checks, Form, LongText, Text
from trainhub.kernel.i18n import _l
from trainhub.oversight.evaluation import catalogue
from trainhub.oversight.evaluation.register_types import Quality
from trainhub.oversight.evaluation.types import CriterionKind
from trainhub.oversight.evaluation.workflow import words
from trainhub.oversight.evaluation.workflow.types import DocumentKind, Event, Opinion, VisitItemKind
from trainhub.programmes import labels as programme_labels
from trainhub.programmes.types import AccreditationResult


def _choices(names: Mapping[Any, Any]) -> list[SelectChoice]:
    return [SelectChoice(member.value, label) for member, label in names.items()]


def _maybe(text: str | None) -> int | None:
    return int(text) if text and text != "None" else None


class StepForm(Form):
    """Move the application on."""

    event = SelectField(choices=_choices(words.EVENTS), coerce=Event)
    reason = LongText(_l("理由"), [Optional(), Length(max=400)])


class OpenForm(Form):
    """Say that the prerequisites are met."""

    has_prerequisite = BooleanField(_l("确认已满足工程教育专业认证的申请要求"))


class DocumentForm(Form):
    """Hand in a document of the procedure."""

    kind = SelectField(_l("文件"), choices=_choices(words.DOCUMENTS), coerce=DocumentKind)
    file = FileField(_l("文件"), [FileRequired(_l("请选择要上传的文件。"))])


class PassageForm(Form):
    """Where the self-report speaks of the plan of the 卓越计划."""

    passage = Text(
        _l("自评报告中的位置"),
        [InputRequired(_l("请填写位置。")), Length(max=200)],
        description=_l("单独说明卓越计划培养方案对认证标准达成情况的部分和页码，例如“第 3 部分，第 41—46 页”（002:213）。"),
    )


class VisitForm(Form):
    """The days of the visit."""

    starts_on = DateField(_l("开始日期"), [InputRequired(_l("请填写日期。"))])
    ends_on = DateField(_l("结束日期"), [InputRequired(_l("请填写日期。"))])
    no_centre_reason = Text(
        _l("不能安排中心考查的理由"),
        [Optional(), Length(max=400)],
        description=_l("应尽可能安排到工程实践教育中心考查（002:215）；不能安排时写明理由。"),
    )


class AgendaForm(Form):
    """An item of the agenda."""

    kind = SelectField(_l("内容"), choices=_choices(words.ITEMS), coerce=VisitItemKind)
    on = DateField(_l("日期"), [InputRequired(_l("请填写日期。"))])
    starts = Text(_l("开始"), [InputRequired(_l("请填写时间。")), Length(max=5)], description=_l("如 09:30"))
    ends = Text(_l("结束"), [InputRequired(_l("请填写时间。")), Length(max=5)])
    place = Text(_l("地点"), [InputRequired(_l("请填写地点。")), Length(max=160)])
    persons = Text(_l("参加人员"), [Optional(), Length(max=300)])
    base_id = SelectField(_l("工程实践教育中心"), coerce=_maybe, validators=[Optional()], choices=[])


class ExpertForm(Form):
    """Assign an expert."""

    account_id = OnePerson(_l("专家"))
    is_leader = BooleanField(_l("任组长"))


class ReopenForm(Form):
    """Let the facts of today count for a computed criterion."""

    criterion = SelectField(_l("评价要点"), [InputRequired(_l("请选择要点。"))])
    reason = LongText(_l("理由"), [InputRequired(_l("请写明理由。")), Length(max=400)])

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        computed = [one for one in catalogue.criteria().values() if one.kind is CriterionKind.COMPUTED]
        self.criterion.choices = [SelectChoice(one.code, f"{one.code} {one.text}") for one in computed]


class EndForm(Form):
    """Take an expert off, or withdraw, with a reason."""

    reason = LongText(_l("理由"), [InputRequired(_l("请写明理由。")), Length(max=400)])
    has_conflict = BooleanField(_l("查明存在利益冲突"))


class DeclareForm(Form):
    """The declaration about conflicts of interest."""

    has_conflict = RadioField(
        _l("利益冲突声明"),
        choices=[
            SelectChoice("no", _l("与该专业及所在高校没有任职、合作、亲属等利益关系")),
            SelectChoice("yes", _l("存在利益关系，需要回避")),
        ],
        validators=[InputRequired(_l("请选择一项。"))],
    )
    conflict = LongText(_l("情况说明"), [Optional(), Length(max=400)], description=_l("存在利益关系时必填。"))


class ConsensusForm(Form):
    """What the group agreed on."""

    criterion = Text("", [InputRequired(_l("请选择一项。")), Length(max=6)])
    opinion = RadioField(_l("一致意见"), choices=_choices(words.OPINIONS), coerce=Opinion, validators=[InputRequired(_l("请选择一项。"))])
    remark = LongText(_l("理由"), [InputRequired(_l("请写明讨论后形成一致意见的理由。")), Length(max=2000)])


class ConclusionForm(Form):
    """The association's conclusion, as written."""

    result = SelectField(_l("认证结论"), choices=_choices(programme_labels.RESULTS), coerce=AccreditationResult)
    concluded_on = DateField(_l("结论日期"), [InputRequired(_l("请填写日期。"))])
    valid_from = DateField(_l("有效期开始"), [Optional()])
    valid_years = SelectField(
        _l("有效期"),
        choices=[SelectChoice("", "—"), SelectChoice("3", _l("3 年")), SelectChoice("6", _l("6 年"))],
        coerce=_maybe,
        validators=[Optional()],
    )
    file = FileField(_l("认证结论文件"), [FileRequired(_l("请选择要上传的文件。"))])


class QualityForm(Form):
    """The qualitative conclusion that may stand beside 达到 (002:649)."""

    quality = SelectField(
        _l("定性评价"),
        choices=[SelectChoice("", _l("不作定性评价")), SelectChoice("distinctive", _l("特色")), SelectChoice("excellent", _l("优秀"))],
        coerce=lambda text: Quality(text) if text else None,
        validators=[Optional()],
    )
    text = LongText(_l("内容"), [InputRequired(_l("请写明定性评价的内容。")), Length(max=2000)])


class PublishForm(Form):
    """The list of a year."""

    document = Text(_l("公布文件"), [Optional(), Length(max=120)])
    keys = Checks(_l("列入名单的专业"), coerce=int, choices=[])
