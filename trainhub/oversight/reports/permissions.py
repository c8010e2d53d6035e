"""Who may ask for reports, read them and publish them."""

from __future__ import annotations

from enum import StrEnum

from trainhub.kernel.access import Role, Table, role, role_everywhere, role_over
from trainhub.ledger.permissions import SEES_ALL

PROVINCE = (Role.DEPT_EDU, Role.DEPT_HR, Role.DEPT_ST, Role.SYSTEM_ADMIN)
OWN = (Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER)
"""They may ask for the report of their own enterprise or base."""
READERS = (*SEES_ALL, *OWN, Role.UNIVERSITY_ADMIN, Role.PREFECTURE_OPERATOR)


class Can(StrEnum):
    """What can be done with reports."""

    LIST = "reports:report:list"
    VIEW = "reports:report:view"
    MAKE = "reports:report:create"
    PUBLISH = "reports:report:publish"


GRANTS: Table = {
    Can.LIST: ((role(*READERS),),),
    Can.VIEW: ((role_over(*READERS),), (role_everywhere(*SEES_ALL),)),
    Can.MAKE: ((role(*PROVINCE, *OWN),),),
    Can.PUBLISH: ((role_everywhere(*PROVINCE),),),
}
