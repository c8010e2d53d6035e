"""Who may do what in the room `courses`: permissions named `room:thing:action`, each an OR of ANDs of pure predicates."""

from __future__ import annotations

from enum import StrEnum

from trainhub.kernel.access import Role, Table, anyone_signed_in, own, role, role_everywhere, role_over


class Can(StrEnum):
    """The permissions of the room."""


GRANTS: Table = {}
