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


def fact_field(fact: Field, checks: Sequence[Any]) -> DateField | Text:
    """The field; `checks` say whether it may be empty."""

    def fits(_form: Any, field: Any) -> None:
        text = field.data.isoformat() if fact.type == "date" and field.data else field.data
        try:
            checked(fact, str(text or ""))
        except ValueError as wrong:
            raise ValidationError(str(wrong)) from wrong

    label = labels.of_field(fact)
    return (
        DateField(label, [*checks, fits])
        if fact.type == "date"
        else Text(label, [*checks, Length(max=300), *([fits] if fact.type == "number" else [])])
    )
