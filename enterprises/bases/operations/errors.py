"""What verbs about bases refuse."""

from __future__ import annotations

from trainhub.kernel.errors import Refused


class BadBase(Refused):
    """A fact of a base is impossible."""

    code = "bad_base"
