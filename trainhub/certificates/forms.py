"""Shape and type of what people send about certificates."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from flask import request
from wtforms import BooleanField, DateField, FileField, IntegerField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from trainhub.certificates import labels, queries
from trainhub.certificates.fact_forms import fact_field
from trainhub.certificates.facts import asked_fields
from trainhub.certificates.layouts.model import Layout
from trainhub.certificates.models import Certificate
from trainhub.certificates.numbers import is_number
from trainhub.certificates.operations.correcting import FIXED
from trainhub.certificates.rules import LEAST_CHUNK, MOST_BLANKS, MOST_CHUNK, USUAL_CHUNK
from trainhub.certificates.types import BatchSource, BatchState, Kind, RunState, State
from trainhub.kernel.access import Identity
from trainhub.kernel.fields import day_asked
from trainhub.kernel.forms import CodeText, Form, LongText, Text
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.numbers import whole
from trainhub.organisations import queries as organisations


class VerifyForm(Form):
    """Number, code, and the name somebody gave."""

    number = CodeText(
        _l("证书编号"), [DataRequired(_l("请填写证书编号。")), Length(max=60)], description=_l("18位数字，印在证书左下方，空格可有可无。")
    )
    code = CodeText(
        _l("核验码"), [Optional(), Length(max=60)], description=_l("12位字母和数字，在编号下方。没有核验码时只显示证书是否存在和当前状态。")
    )
    name = Text(_l("持证人姓名"), [Optional(), Length(max=200)], description=_l("与核验码一起填写，会告诉你姓名是否与证书一致；姓名不会被保存。"))


class FileForm(Form):
    """A PDF to compare with what was issued."""

    file = FileField(_l("证书文件"), description=_l("平台下载的原文件：PDF，或凭证（JSON）。文件只用于比对，不会保存。"))

    def validate_file(self, field: Any) -> None:
        """Something must have been chosen."""
        if not field.data or not getattr(field.data, "filename", ""):
            raise ValidationError(_("请选择要查验的文件。"))


class ReasonForm(Form):
    """What every change of a certificate needs."""

    reason = LongText(_l("理由"), [DataRequired(_l("请写明理由。")), Length(max=400)], description=_l("会显示在公开查验页上，请不要写入个人隐私。"))
    document = Text(_l("依据文件"), [DataRequired(_l("请写明依据的文件名称或文号。")), Length(max=200)])
    on = DateField(_l("生效日期"), [InputRequired(_l("请填写生效日期，例如 2026-03-01。"))])


class RenewalForm(Form):
    """Why a revoked certificate is issued anew."""

    reason = LongText(_l("理由"), [DataRequired(_l("请写明理由。")), Length(max=400)], description=_l("会显示在公开查验页上，请不要写入个人隐私。"))
    document = Text(_l("依据文件"), [DataRequired(_l("请写明依据的文件名称或文号。")), Length(max=200)])


@cache
def correction_form(kind: Kind, layout: Layout) -> type[ReasonForm]:
    """The form for correcting a certificate as a template prints it: the name, the template's own facts and what tells it apart.

    Which template that is was chosen before (`template` in the address): each asks for its own facts.
    """
    fields: dict[str, Any] = {"fact_name": Text(_l("姓名"), [DataRequired(_l("姓名不能为空。")), Length(max=200)])}
    for one in asked_fields(kind, layout):
        if one.name in FIXED:
            continue
        checks = [DataRequired(_l("此项不能为空。"))] if one.required and not one.default else [Optional()]
        fields[f"fact_{one.name}"] = fact_field(one, checks, is_printed=layout.field(one.name) is not None)
    return type("CorrectionForm", (ReasonForm,), fields)


def facts_of(form: ReasonForm) -> dict[str, Any]:
    """The facts of a correction form by field."""
    return {name.removeprefix("fact_"): field.data for name, field in form._fields.items() if name.startswith("fact_")}


def correction_templates(certificate: Certificate) -> dict[str, str]:
    """The templates a correction may be drawn from, by code; the first, without a code, is the version as before."""
    issuer = organisations.by_id(certificate.issuer_id)
    assert issuer is not None
    layout = queries.layout_of(certificate.template, certificate.template_version)
    choices = queries.template_choices(certificate.kind, issuer)
    offered = {code: _("%(title)s（%(code)s，最新版）", title=labels.of_layout(one), code=code) for code, one in choices.items()}
    return {"": _("%(title)s：不变（第 %(n)d 版）", title=labels.of_layout(layout), n=certificate.template_version), **offered}


def _stored_day(text: Any) -> date | None:
    """A day among the facts of a certificate; what is none is typed anew."""
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def initial_facts(kind: Kind, facts: dict[str, Any], layout: Layout) -> dict[str, Any]:
    """What a correction form shows at first."""
    dates = {one.name for one in asked_fields(kind, layout) if one.type == "date"}
    return {f"fact_{name}": _stored_day(value) if name in dates else value for name, value in facts.items()}


MOST_NUMBERS = 200
"""How many numbers are typed for one print run."""


class RunForm(Form):
    """What is printed together: of one kind and issuer those of a span of days, of one batch, of some numbers, or those not printed yet."""

    kind = SelectField(_l("种类"), [InputRequired()], choices=[SelectChoice(one.value, label) for one, label in labels.KINDS.items()])
    issuer_id = SelectField(_l("发证单位"), [InputRequired()], coerce=int)
    since = DateField(_l("发证日期从"), [Optional()])
    until = DateField(_l("到"), [Optional()])
    batch_id = IntegerField(
        _l("只打印这个签发批次"), [Optional()], description=_l("签发批次的号码，见批次页面的地址；此前已由别的批次或规则签发的不在其中。不限时留空。")
    )
    numbers = LongText(
        _l("只打印这些编号"), [Optional(), Length(max=6000)], description=_l("一行一个，最多200个；只印一张时填一个编号。不限时留空。")
    )
    only_unprinted = BooleanField(
        _l("只打印还没有打印过的"), description=_l("别的打印批次已画出或正在绘制的不再印；补发、更正后的新证书算没有打印过。")
    )
    title = Text(_l("名称"), [DataRequired(_l("请给这一批起个名称。")), Length(max=200)])
    mode = SelectField(
        _l("打印方式"),
        [InputRequired()],
        choices=[SelectChoice(one.value, label) for one, label in labels.MODES.items()],
        description=_l("套打：底纹和固定文字已由印刷厂印好（底版在“证书模板”页面下载），只打印姓名、编号、二维码等内容，并登记空白证书号。"),
    )
    chunk_pages = IntegerField(
        _l("每个文件的页数"),
        [InputRequired(_l("请填写每个文件的页数。")), NumberRange(LEAST_CHUNK, MOST_CHUNK, _l("每个文件500到5000页。"))],
        default=USUAL_CHUNK,
        description=_l("500到5000。按基地、班级排列，同一班级尽量不拆到两个文件。"),
    )
    has_bleed = BooleanField(_l("四周加 3 毫米出血"))
    has_marks = BooleanField(_l("加裁切线"))

    def prepare(self, identity: Identity) -> RunForm:
        """The issuers to choose from."""
        self.issuer_id.choices = [SelectChoice(key, name) for key, name in queries.issuer_choices(identity)]
        return self

    def chosen(self) -> tuple[str, ...]:
        """The numbers that were typed, each once, without blanks."""
        lines = ("".join(line.split()) for line in (self.numbers.data or "").splitlines())
        return tuple(dict.fromkeys(line for line in lines if line))

    def validate_numbers(self, _field: Any) -> None:
        """Each a certificate number, and not too many."""
        if len(self.chosen()) > MOST_NUMBERS:
            raise ValidationError(_("一次最多填写%(most)d个编号。", most=MOST_NUMBERS))
        for line, number in enumerate(self.chosen(), start=1):
            if not is_number(number):
                raise ValidationError(_("第%(line)d个编号“%(number)s”不是证书编号，请核对。", line=line, number=number[:40]))


class TakeForm(Form):
    """Blanks handed out for a run."""

    first = Text(_l("起始号"), [DataRequired(_l("请填写起始号。")), Length(max=30)], description=_l("印在空白证书上的号码，例如 A0000001。"))
    count = IntegerField(_l("张数"), [InputRequired(_l("请填写张数。")), NumberRange(1, MOST_BLANKS, _l("张数应在1到100000之间。"))])


class ReturnForm(Form):
    """Blanks that are given back unused."""

    first = Text(_l("退回的起始号"), [DataRequired(_l("请填写起始号。")), Length(max=30)], description=_l("只退回没有印过的；印过的请登记作废。"))
    count = IntegerField(_l("退回张数"), [InputRequired(_l("请填写张数。")), NumberRange(1, MOST_BLANKS, _l("张数应在1到100000之间。"))])
    reason = Text(_l("退回原因"), [DataRequired(_l("请写明原因。")), Length(max=200)], description=_l("例如号码登记错误、领多了。"))


class SpoilForm(Form):
    """A blank that was spoiled."""

    serial = Text(_l("作废的号码"), [DataRequired(_l("请填写作废的号码。")), Length(max=30)])
    reason = Text(_l("原因"), [DataRequired(_l("请写明原因。")), Length(max=200)], description=_l("例如卡纸、污损、印偏。"))


def _enum(kind: Any, text: str) -> Any:
    return kind(text) if text in {one.value for one in kind} else None


def wanted() -> queries.CertificateFilter:
    """The filter of the address. Raises Refused for a day that does not exist."""
    args = request.args
    return queries.CertificateFilter(
        text=args.get("q", "").strip()[:100],
        kind=_enum(Kind, args.get("kind", "")),
        state=_enum(State, args.get("state", "")),
        issuer_id=args.get("issuer", type=whole),
        programme_id=args.get("programme", type=whole),
        since=day_asked("since"),
        until=day_asked("until"),
        only_current=args.get("all") != "yes",
    )


def batches_wanted() -> queries.BatchFilter:
    """The filter of the address of the list of batches."""
    args = request.args
    return queries.BatchFilter(
        text=args.get("q", "").strip()[:100],
        kind=_enum(Kind, args.get("kind", "")),
        source=_enum(BatchSource, args.get("source", "")),
        state=_enum(BatchState, args.get("state", "")),
    )


def runs_wanted() -> queries.RunFilter:
    """The filter of the address of the list of print runs."""
    args = request.args
    return queries.RunFilter(
        text=args.get("q", "").strip()[:100], kind=_enum(Kind, args.get("kind", "")), state=_enum(RunState, args.get("state", ""))
    )
