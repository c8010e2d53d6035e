"""Who may do what with programmes."""

from __future__ import annotations

from enum import StrEnum

from trainhub.kernel.access import Role, Table, role, role_over

VIEWERS = (
    Role.UNIVERSITY_ADMIN,
    Role.PROGRAMME_ADMIN,
    Role.LECTURER,
    Role.SCHOOL_SUPERVISOR,
    Role.PREFECTURE_OPERATOR,
    Role.DEPT_EDU,
    Role.DEPT_HR,
    Role.DEPT_ST,
    Role.DEPT_FIN,
    Role.INSPECTOR,
    Role.EXPERT,
    Role.AUDITOR,
    Role.SYSTEM_ADMIN,
)
CONFIRMERS = (Role.UNIVERSITY_ADMIN, Role.DEPT_EDU)
"""Who compares a conclusion that a programme entered about itself with the association's paper."""
EDITORS = (Role.UNIVERSITY_ADMIN, Role.PROGRAMME_ADMIN, Role.SYSTEM_ADMIN)


class Can(StrEnum):
    """What can be done with a programme."""

    VIEW = "programmes:programme:view"
    CREATE = "programmes:programme:create"
    EDIT = "programmes:programme:edit"
    PUBLISH = "programmes:programme:publish"
    LIST = "programmes:programme:list"
    CONFIRM = "programmes:accreditation:verify"


GRANTS: Table = {
    Can.LIST: ((role(*VIEWERS),),),
    Can.VIEW: ((role_over(*VIEWERS),),),
    Can.CREATE: ((role(Role.UNIVERSITY_ADMIN, Role.SYSTEM_ADMIN),),),
    Can.EDIT: ((role_over(*EDITORS),),),
    Can.PUBLISH: ((role_over(*EDITORS),),),
    Can.CONFIRM: ((role_over(*CONFIRMERS),),),
}
