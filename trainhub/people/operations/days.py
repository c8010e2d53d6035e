"""Days that cannot be: a birth to come, school or work before anybody can, a year that slipped. Forms, imports and operations ask here.

Each answers with words for whoever typed the day, empty when it may be.
"""

from __future__ import annotations

from datetime import date

from trainhub.kernel.i18n import _
from trainhub.people import rules


def birth_told(birth_on: date | None, today: date) -> str:
    """What is wrong with a birth date."""
    return _("出生日期晚于今天，请核对。") if birth_on is not None and birth_on > today else ""


def enrolment_told(day: date, birth_on: date | None, today: date | None = None) -> str:
    """What is wrong with the day on which somebody begins to study; without `today` only by the birth date: operations may write down what was."""
    if rules.is_too_young(birth_on, day, rules.STUDIES_FROM):
        return _("入学日期 %(day)s 时不满 %(age)s 周岁（出生于 %(birth)s），请核对。", day=day, age=rules.STUDIES_FROM, birth=birth_on)
    return _("入学日期 %(day)s 在一年以后，请核对年份。", day=day) if rules.is_slip_ahead(day, today) else ""


def work_told(day: date, birth_on: date | None, today: date | None = None) -> str:
    """What is wrong with the day on which somebody begins to work; `today` as above."""
    if rules.is_too_young(birth_on, day, rules.WORKS_FROM):
        return _("开始日期 %(day)s 时不满 %(age)s 周岁（出生于 %(birth)s），请核对。", day=day, age=rules.WORKS_FROM, birth=birth_on)
    return _("开始日期 %(day)s 在一年以后，请核对年份。", day=day) if rules.is_slip_ahead(day, today) else ""
