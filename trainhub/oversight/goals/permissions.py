"""Who may do what with goals."""

from __future__ import annotations

from enum import StrEnum

from trainhub.kernel.access import Role, Table, role, role_everywhere
from trainhub.ledger.permissions import SEES_ALL

VIEWERS = (*SEES_ALL, Role.PREFECTURE_OPERATOR, Role.CENTRE_LEADER)
KEEPERS = (Role.DEPT_HR, Role.SYSTEM_ADMIN)


class Can(StrEnum):
    """What can be done with goals."""

    VIEW = "goals:goal:view"
    DRILL = "goals:person:list"
    SNAPSHOT = "goals:snapshot:take"
    DEFINE = "goals:goal:create"
    KEEP = "goals:goal:edit"
    REPORT = "goals:figure:record"


GRANTS: Table = {
    Can.VIEW: ((role(*VIEWERS),),),
    Can.DRILL: ((role(*VIEWERS),),),
    Can.SNAPSHOT: ((role_everywhere(*KEEPERS),),),
    Can.DEFINE: ((role_everywhere(*KEEPERS),),),
    Can.KEEP: ((role_everywhere(*KEEPERS),),),
    Can.REPORT: ((role(*KEEPERS, Role.DEPT_EDU, Role.DEPT_ST, Role.PREFECTURE_OPERATOR),),),
}
