"""What can be done with persons, students and teachers."""

from trainhub.people.operations.background import (
    Background,
    BadBackground,
    add_degree,
    add_stay,
    remove_background,
    verify_background,
    withdraw_background,
)
from trainhub.people.operations.claiming import vouches
from trainhub.people.operations.days import birth_told, enrolment_told, work_told
from trainhub.people.operations.employment import (
    BadEmployment,
    add_employment,
    change_employment,
    end_employment,
    remove_employment,
    verify_employment,
    withdraw_verification,
)
from trainhub.people.operations.errors import BadPerson, BadStudent, NameDiffers, NumberCorrected, NumberTaken, StudentKnown
from trainhub.people.operations.guardians import lacking_guardian
from trainhub.people.operations.looking import identify_person
from trainhub.people.operations.merging import note_decision, parted_words
from trainhub.people.operations.moving import move_problem, move_student, other_day, renumber_student, renumber_teacher, take_back
from trainhub.people.operations.numbering import correct_number, facts_of_number, give_number, reveal_number, say_number, unsay_number
from trainhub.people.operations.persons import (
    change_person,
    checked,
    decide_pair,
    register_person,
    register_persons,
    seal_number,
)
from trainhub.people.operations.planning import begin_petoe, end_petoe, set_petoe_spans
from trainhub.people.operations.retaining import forget_contacts, forget_guardians, forget_numbers, lift_hold, place_hold
from trainhub.people.operations.students import (
    Newcomer,
    add_student,
    add_students,
    change_student,
    left_problem,
    return_problem,
)
from trainhub.people.operations.teachers import (
    BadTeacher,
    TeacherKnown,
    add_teacher,
    change_teacher,
)

__all__ = [
    "Background",
    "BadBackground",
    "BadEmployment",
    "BadPerson",
    "BadStudent",
    "BadTeacher",
    "NameDiffers",
    "Newcomer",
    "NumberCorrected",
    "NumberTaken",
    "StudentKnown",
    "TeacherKnown",
    "add_degree",
    "add_employment",
    "add_stay",
    "add_student",
    "add_students",
    "add_teacher",
    "begin_petoe",
    "birth_told",
    "change_employment",
    "change_person",
    "change_student",
    "change_teacher",
    "checked",
    "correct_number",
    "decide_pair",
    "end_employment",
    "end_petoe",
    "enrolment_told",
    "facts_of_number",
    "forget_contacts",
    "forget_guardians",
    "forget_numbers",
    "give_number",
    "identify_person",
    "lacking_guardian",
    "left_problem",
    "lift_hold",
    "move_problem",
    "move_student",
    "note_decision",
    "other_day",
    "parted_words",
    "place_hold",
    "register_person",
    "register_persons",
    "remove_background",
    "remove_employment",
    "renumber_student",
    "renumber_teacher",
    "return_problem",
    "reveal_number",
    "say_number",
    "seal_number",
    "set_petoe_spans",
    "take_back",
    "unsay_number",
    "verify_background",
    "verify_employment",
    "vouches",
    "withdraw_background",
    "withdraw_verification",
    "work_told",
]
