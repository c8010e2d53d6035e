"""What is refused about programmes."""

from __future__ import annotations

from trainhub.kernel.errors import Refused


class BadProgramme(Refused):
    """A fact of a programme is impossible."""

    code = "bad_programme"


class CodeTaken(Refused):
    """Another programme has this code, label, year or number."""

    code = "code_taken"


class IsPublished(Refused):
    """A published version stays as it is."""

    code = "version_published"
    status = 409


class NotReady(Refused):
    """The version lacks something before it can be published."""

    code = "version_not_ready"
