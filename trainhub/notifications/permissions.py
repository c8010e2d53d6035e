"""Who may do what with notices: everybody reads their own; the e-mail queue is for the system's administrators."""

from __future__ import annotations

from enum import StrEnum

from trainhub.kernel.access import Role, Table, anyone_signed_in, role_everywhere


class Can(StrEnum):
    """Permissions of notices."""

    NOTICE_OWN = "notifications:notice:own"
    OUTBOX_VIEW = "notifications:outbox:view"
    OUTBOX_RETRY = "notifications:outbox:retry"


GRANTS: Table = {
    Can.NOTICE_OWN: ((anyone_signed_in,),),
    Can.OUTBOX_VIEW: ((role_everywhere(Role.SYSTEM_ADMIN),),),
    Can.OUTBOX_RETRY: ((role_everywhere(Role.SYSTEM_ADMIN),),),
}
