"""Forms of the evidence store and the report."""

from __future__ import annotations

from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, Optional

from trainhub.kernel.forms import Checks, Form, LongText, Text
from trainhub.kernel.i18n import _l
from trainhub.oversight.evaluation import labels
from trainhub.oversight.evaluation.store import catalogue
from trainhub.oversight.evaluation.store.types import PaperForm


class EvidenceForm(Form):
    """A piece of evidence."""

    title = Text(_l("材料名称"), [InputRequired(_l("请填写材料名称。")), Length(max=200)])
    codes = Checks(_l("材料编号"), choices=[], description=_l("一份文件可以对应几个编号，例如 M6.1 与 M7.1。"))
    file = FileField(_l("文件"), [FileRequired(_l("请选择要上传的文件。"))])
    provided_by = Text(_l("提供部门"), [Optional(), Length(max=120)])
    valid_from = DateField(_l("有效期开始"), [Optional()])
    valid_until = DateField(_l("有效期结束"), [Optional()])
    note = Text(_l("版本说明"), [Optional(), Length(max=300)])

    def prepare(self) -> EvidenceForm:
        """The codes to choose from."""
        self.codes.choices = [SelectChoice(one.code, f"{one.code} {labels.worded(one)}") for one in catalogue.materials().values()]
        return self


class VersionForm(Form):
    """A new version of a piece of evidence."""

    file = FileField(_l("新版本"), [FileRequired(_l("请选择要上传的文件。"))])
    note = Text(_l("版本说明"), [Optional(), Length(max=300)])
    valid_from = DateField(_l("有效期开始"), [Optional()])
    valid_until = DateField(_l("有效期结束"), [Optional()])


class WithdrawForm(Form):
    """Take a piece of evidence out."""

    reason = LongText(_l("理由"), [InputRequired(_l("请写明撤下的理由。")), Length(max=400)])


class SectionForm(Form):
    """The text of a section of the supplementary report."""

    text = LongText(_l("正文"), [Optional(), Length(max=20000)])
    pointer = Text(_l("自评报告中的位置"), [Optional(), Length(max=200)], description=_l("例如“第 5 部分，第 62—70 页”。"))
    examples = LongText(_l("实例"), [Optional(), Length(max=5000)], description=_l("每行一个。"))


class DrawForm(Form):
    """As what the report is drawn."""

    form = SelectField(_l("格式"), choices=[SelectChoice(one.value, one.value.upper()) for one in PaperForm], coerce=PaperForm)
