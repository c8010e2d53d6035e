"""Shape and type of what people send about batches of certificates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from trainhub.certificates import labels, queries
from trainhub.certificates.fact_forms import fact_field
from trainhub.certificates.facts import asked_fields, impossible
from trainhub.certificates.imports import SKIPPED
from trainhub.certificates.layouts.model import Layout
from trainhub.certificates.types import Kind
from trainhub.kernel import clock
from trainhub.kernel.access import Identity
from trainhub.kernel.forms import Checks, Form, LongText, Text
from trainhub.kernel.i18n import _, _l

IMPORTED = (Kind.TRAINING, Kind.EXAM, Kind.MENTOR, Kind.COMPLETION, Kind.PLACEMENT, Kind.CAPSTONE)
"""The kinds that come as tables; a programme's is only asked for by its verified chain."""


class _BatchForm(Form):
    title = Text(_l("批次名称"), [DataRequired(_l("请给这一批起个名称。")), Length(max=200)])
    issuer_id = SelectField(_l("发证单位"), [InputRequired()], coerce=int)
    template = SelectField(_l("证书模板"), [Optional()], description=_l("不选时用发证单位的默认模板。"))

    def _choices(self, identity: Identity, kinds: Sequence[Kind]) -> None:
        self.issuer_id.choices = [SelectChoice(key, name) for key, name in queries.issuing_choices(identity)]
        self._offers = template_offers(identity, kinds)
        self.template.choices = [SelectChoice("", _("发证单位的默认模板")), *(SelectChoice(code, label) for code, _kind, label in self._offers)]

    def _is_of(self, kind: str | None) -> bool:
        """Whether the template chosen, if any, is of this kind, which may be no kind at all: one of another kind has other facts."""
        return not self.template.data or any(code == self.template.data and of == kind for code, of, _label in self._offers)


def template_offers(identity: Identity, kinds: Sequence[Kind]) -> list[tuple[str, Kind, str]]:
    """(code, kind, label) of the built-in templates of these kinds, and of those drawn up that the reader may issue from."""
    own = [
        (row, _("%(title)s（%(owner)s，%(code)s）", title=labels.of_layout(layout), owner=owner or _("通用"), code=row.code))
        for row, layout, owner in queries.template_offers(identity)
    ]
    offers = []
    for kind in kinds:
        offers.append((kind.value, kind, _("%(kind)s · 内置模板", kind=str(labels.KINDS[kind]))))
        offers += [(row.code, kind, f"{labels.KINDS[kind]} · {label}") for row, label in own if row.kind is kind]
    return offers


class ImportForm(_BatchForm):
    """A table of people and facts."""

    kind = SelectField(
        _l("种类"),
        [InputRequired()],
        choices=[SelectChoice(one.value, labels.KINDS[one]) for one in IMPORTED],
    )
    file = FileField(_l("名单"), [FileRequired(_l("请选择名单文件。"))], description=_l("CSV 或 XLSX，第一行是表头；按证件号码或学号找人。"))

    def prepare(self, identity: Identity) -> ImportForm:
        """The issuers and templates to choose from."""
        self._choices(identity, IMPORTED)
        return self

    def validate_template(self, _field: Any) -> None:
        """It must be of the kind chosen."""
        if not self._is_of(self.kind.data):
            raise ValidationError(_("这个模板属于另一种证书。"))


class SelectionForm(_BatchForm):
    """People that were ticked, and the facts they share (`fact_...`)."""

    template = SelectField(_l("证书模板"), [InputRequired()], description=_l("要换模板，请在上面选定后重新显示人员：各模板要填的内容不同。"))
    is_everyone = BooleanField(_l("全部人员"))
    persons = Checks(_l("人员"), coerce=int)
    layout: Layout

    def prepare(self, identity: Identity, persons: Sequence[tuple[int, str]], everyone: Sequence[int], label: str) -> SelectionForm:
        """The issuers and people to choose from; `everyone` may be more than those listed.

        The template was chosen before: the form asks for its facts and takes no other.
        """
        self.issuer_id.choices = [SelectChoice(key, name) for key, name in queries.issuing_choices(identity)]
        self.template.choices = [SelectChoice(self.layout.code, label)]
        self.persons.choices = persons
        self.persons.flags.required = True  # these or everyone: not "optional", whatever the page says of fields nobody has to fill in
        self._everyone = everyone
        return self

    def validate(self, extra_validators: Any = None) -> bool:
        """Each fact is of its type, and together they can be true."""
        is_right = super().validate(extra_validators)
        for name, wrong in impossible(self.facts(), clock.today()) if is_right else ():
            self[f"fact_{name}"].errors = [*self[f"fact_{name}"].errors, wrong]
            is_right = False
        return is_right

    def validate_persons(self, field: Any) -> None:
        """Somebody must have been chosen."""
        if not field.data and not self.is_everyone.data:
            raise ValidationError(_("请至少选择一人。"))

    def chosen(self) -> list[int]:
        """The people that were ticked, or everyone."""
        return list(self._everyone) if self.is_everyone.data else list(self.persons.data or [])

    def facts(self) -> dict[str, Any]:
        """The facts by field."""
        return {name.removeprefix("fact_"): field.data for name, field in self._fields.items() if name.startswith("fact_")}


@lru_cache(maxsize=64)
def selection_form(kind: Kind, layout: Layout) -> type[SelectionForm]:
    """The form for a template: the facts it prints, and those that tell certificates of the kind apart."""
    fields: dict[str, Any] = {"layout": layout}
    for one in asked_fields(kind, layout):
        if one.name in SKIPPED:
            continue
        checks: list[Any] = [DataRequired(_l("此项不能为空。"))] if one.required and not one.default else [Optional()]
        fields[f"fact_{one.name}"] = fact_field(one, checks, is_printed=layout.field(one.name) is not None)
    return type("KindSelectionForm", (SelectionForm,), fields)


class DecisionForm(Form):
    """What the second person says."""

    reason = LongText(_l("意见"), [Optional(), Length(max=400)], description=_l("退回时必填。"))
