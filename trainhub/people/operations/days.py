"""Days that cannot be: a birth to come, school or work before anybody can, a year that slipped. Forms, imports and operations ask here.

Each answers with words for whoever typed the day, empty when it may be.
"""

from __future__ import annotations

from datetime import date, timedelta

from trainhub.kernel.i18n import _
from trainhub.people import rules

AHEAD = timedelta(days=366)
"""Lists of those who come are sent before they come; a day further ahead than a year has a slip in its year."""
STUDIES_FROM, WORKS_FROM = 6, 14
"""Ages in years before which nobody goes to any school, and nobody works."""


def birth_told(birth_on: date | None, today: date) -> str:
    """What is wrong with a birth date."""
    return _("出生日期晚于今天，请核对。") if birth_on is not None and birth_on > today else ""


def enrolment_told(day: date, birth_on: date | None, today: date | None = None) -> str:
    """What is wrong with the day on which somebody begins to study; without `today` only by the birth date: operations may write down what was."""
    if birth_on is not None and rules.age_on(birth_on, day) < STUDIES_FROM:
        return _("入学日期 %(day)s 时不满 %(age)s 周岁（出生于 %(birth)s），请核对。", day=day, age=STUDIES_FROM, birth=birth_on)
    return _("入学日期 %(day)s 在一年以后，请核对年份。", day=day) if today is not None and day > today + AHEAD else ""


def work_told(day: date, birth_on: date | None, today: date | None = None) -> str:
    """What is wrong with the day on which somebody begins to work; `today` as above."""
    if birth_on is not None and rules.age_on(birth_on, day) < WORKS_FROM:
        return _("开始日期 %(day)s 时不满 %(age)s 周岁（出生于 %(birth)s），请核对。", day=day, age=WORKS_FROM, birth=birth_on)
    return _("开始日期 %(day)s 在一年以后，请核对年份。", day=day) if today is not None and day > today + AHEAD else ""
