"""Who opens surveys, reads their sums, answers them."""

from __future__ import annotations

from enum import StrEnum

from trainhub.kernel.access import Role, Table, role, role_everywhere
from trainhub.ledger.permissions import SEES_ALL

KEEPERS = (Role.DEPT_HR, Role.DEPT_EDU, Role.SYSTEM_ADMIN)


class Can(StrEnum):
    """What can be done with surveys."""

    LIST = "surveys:survey:list"
    CREATE = "surveys:survey:create"
    ANSWER = "surveys:answer:write"


GRANTS: Table = {
    Can.LIST: ((role_everywhere(*SEES_ALL),),),
    Can.CREATE: ((role_everywhere(*KEEPERS),),),
    Can.ANSWER: ((role(Role.ENTERPRISE_COORDINATOR, Role.STUDENT),),),
}
