"""Below privacy.guardian_age a student has a guardian with a telephone (PIPL-31): processing rests on their consent."""

from __future__ import annotations

from datetime import date

from trainhub.kernel.i18n import _
from trainhub.people import queries, rules
from trainhub.people.models import Person
from trainhub.policy.book import book


def lacking_guardian(birth_on: date | None, name: str, phone: str, today: date) -> list[tuple[str, str]]:
    """(field, words) of what a student of that birth date lacks of a guardian on a day; empty when nothing does. Imports ask it of each row."""
    if birth_on is None:
        return []
    age = int(book().at("privacy.guardian_age", on=today).number)
    if rules.age_on(birth_on, today) >= age:
        return []
    words = _("未满 %(n)d 周岁的学生须登记监护人姓名和电话。", n=age)
    return [(field, words) for field, value in (("guardian_name", name), ("guardian_phone", phone)) if not value.strip()]


def guardian_first(person: Person, birth_on: date | None, today: date) -> str:
    """Why a birth date cannot become the person's yet: it makes a child of a student without a guardian. Empty when nothing is missing."""
    if birth_on is None or birth_on == person.birth_on:
        return ""
    for study in queries.students_of_person(person.id):
        if study.left_on is None and (lacking := lacking_guardian(birth_on, study.guardian_name, study.guardian_phone, today)):
            return _("%(why)s请先在学号 %(no)s 的学籍页面登记，再更正出生日期。", why=lacking[0][1], no=study.student_no)
    return ""
