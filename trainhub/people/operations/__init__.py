"""What can be done with persons, students and teachers."""

from trainhub.people.operations.employment import (
    BadEmployment,
    add_employment,
    change_employment,
    end_employment,
    remove_employment,
    verify_employment,
    withdraw_verification,
)
from trainhub.people.operations.merging import note_decision
from trainhub.people.operations.persons import (
    BadPerson,
    NameDiffers,
    NumberTaken,
    change_person,
    checked,
    decide_pair,
    give_number,
    register_person,
    reveal_number,
    seal_number,
)
from trainhub.people.operations.students import (
    BadStudent,
    StudentKnown,
    add_student,
    begin_petoe,
    change_student,
    end_petoe,
    set_petoe_spans,
)
from trainhub.people.operations.teachers import (
    BadTeacher,
    TeacherKnown,
    add_teacher,
    change_teacher,
)

__all__ = [
    "BadEmployment",
    "BadPerson",
    "BadStudent",
    "BadTeacher",
    "NameDiffers",
    "NumberTaken",
    "StudentKnown",
    "TeacherKnown",
    "add_employment",
    "add_student",
    "add_teacher",
    "begin_petoe",
    "change_employment",
    "change_person",
    "change_student",
    "change_teacher",
    "checked",
    "decide_pair",
    "end_employment",
    "end_petoe",
    "give_number",
    "note_decision",
    "register_person",
    "remove_employment",
    "reveal_number",
    "seal_number",
    "set_petoe_spans",
    "verify_employment",
    "withdraw_verification",
]
