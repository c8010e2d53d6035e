"""What is typed of an organisation, by whichever door: hidden characters, and the telephone of its contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel.characters import clean_line
from trainhub.kernel.contacts import is_phone
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.parsers import no_phone
from trainhub.kernel.sheets.text import has_control


def cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of an organisation without blanks at the ends of a text and without what nobody sees in it."""
    return {key: clean_line(value) if isinstance(value, str) and not has_control(value) else value for key, value in values.items()}


def problem(values: Mapping[str, Any], phone_before: str | None) -> tuple[str, str] | None:
    """What is wrong with cleaned facts: the field, and words. `phone_before`: the telephone that stands."""
    for key, value in values.items():
        if isinstance(value, str) and has_control(value):
            return key, _("包含看不见的控制字符，请删除后重新输入。")
    said = phone_problem(values.get("contact_phone"), phone_before)
    return ("contact_phone", said) if said else None


def phone_problem(number: str | None, before: str | None) -> str:
    """What is wrong with the telephone of a contact; empty: nothing, or it stood before anybody asked."""
    return no_phone(number) if number and number != before and not is_phone(number) else ""
