"""Who may do what with programme evaluation."""

from __future__ import annotations

from enum import StrEnum

from trainhub.kernel.access import Role, Table, role, role_over

VIEWERS = (
    Role.PROGRAMME_ADMIN,
    Role.UNIVERSITY_ADMIN,
    Role.DEPT_EDU,
    Role.EXPERT,
    Role.INSPECTOR,
    Role.AUDITOR,
    Role.SYSTEM_ADMIN,
)


class Can(StrEnum):
    """What can be done with the evaluation of a programme."""

    LIST = "evaluation:programme:list"
    VIEW = "evaluation:programme:view"
    JUDGE = "evaluation:judgement:record"
    EDIT_REGISTER = "evaluation:register:edit"


GRANTS: Table = {
    Can.LIST: ((role(*VIEWERS),),),
    Can.VIEW: ((role_over(*VIEWERS),),),
    Can.JUDGE: ((role_over(Role.EXPERT, Role.PROGRAMME_ADMIN, Role.SYSTEM_ADMIN),),),
    Can.EDIT_REGISTER: ((role_over(Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN, Role.SYSTEM_ADMIN),),),
}
