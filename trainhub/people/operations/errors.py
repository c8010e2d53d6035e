"""What verbs about persons and students refuse."""

from __future__ import annotations

from trainhub.kernel.errors import Refused


class BadStudent(Refused):
    """A fact of a student is impossible."""

    code = "bad_student"


class StudentKnown(Refused):
    """The number or the person is already enrolled there."""

    code = "student_known"


class BadPerson(Refused):
    """A fact of a person is impossible."""

    code = "bad_person"


class NameDiffers(Refused):
    """The number belongs to somebody with another name."""

    code = "name_differs"


class NumberCorrected(Refused):
    """The number was this name's by mistake and has been corrected since: an old file, or a namesake whom an administrator registers."""

    code = "number_corrected"


class NumberTaken(Refused):
    """The number belongs to another person."""

    code = "number_taken"
    holder_id: int | None = None
    """The row that holds it, for who may decide whether both are one human."""
