"""Who sees the chains of a programme, and who asks for its certificates."""

from __future__ import annotations

from enum import StrEnum

from trainhub.kernel.access import Role, Table, role, role_over

VIEWERS = (
    Role.PROGRAMME_ADMIN,
    Role.UNIVERSITY_ADMIN,
    Role.SCHOOL_SUPERVISOR,
    Role.DEPT_EDU,
    Role.INSPECTOR,
    Role.EXPERT,
    Role.AUDITOR,
    Role.SYSTEM_ADMIN,
)
ISSUERS = (Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN, Role.SYSTEM_ADMIN)


class Can(StrEnum):
    """What can be done with chains."""

    LIST = "chains:chain:list"
    VIEW = "chains:chain:view"
    ISSUE = "chains:chain:issue"


GRANTS: Table = {
    Can.LIST: ((role(*VIEWERS),),),
    Can.VIEW: ((role_over(*VIEWERS),),),
    Can.ISSUE: ((role_over(*ISSUERS),),),
}
