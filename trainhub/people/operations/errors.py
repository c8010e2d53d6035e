"""What verbs about students refuse."""

from __future__ import annotations

from trainhub.kernel.errors import Refused


class BadStudent(Refused):
    """A fact of a student is impossible."""

    code = "bad_student"


class StudentKnown(Refused):
    """The number or the person is already enrolled there."""

    code = "student_known"
