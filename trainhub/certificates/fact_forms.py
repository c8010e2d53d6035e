"""A fact of a template as a field of a form: checked by the same rules as in a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import DateField
from wtforms.validators import Length, ValidationError

from trainhub.certificates import labels
from trainhub.certificates.facts import checked
from trainhub.certificates.layouts.model import Field
from trainhub.kernel.forms import Text
from trainhub.kernel.i18n import _l

UNPRINTED = _l("这个模板不印这一项；填写它是为了区分同一人的两张证书。")


def fact_field(fact: Field, checks: Sequence[Any], *, is_printed: bool = True) -> DateField | Text:
    """The field; `checks` say whether it may be empty. What the template does not print is asked for to tell two certificates apart."""
    hint: Any = "" if is_printed else UNPRINTED

    def fits(_form: Any, field: Any) -> None:
        text = field.data.isoformat() if fact.type == "date" and field.data else field.data
        try:
            checked(fact, str(text or ""))
        except ValueError as wrong:
            raise ValidationError(str(wrong)) from wrong

    label = labels.of_field(fact)
    return (
        DateField(label, [*checks, fits], description=hint)
        if fact.type == "date"
        else Text(label, [*checks, Length(max=300), *([fits] if fact.type == "number" else [])], description=hint)
    )
