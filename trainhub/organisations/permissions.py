"""Who may do what with organisations."""

from __future__ import annotations

from enum import StrEnum

from trainhub.kernel.access import Role, Table, role, role_over

VIEWERS = (
    Role.UNIVERSITY_ADMIN,
    Role.PROGRAMME_ADMIN,
    Role.CENTRE_LEADER,
    Role.ENTERPRISE_COORDINATOR,
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
"""Roles that work with organisations; students, trainees and teachers meet them on the pages of their courses and placements."""
EDITORS = (
    Role.UNIVERSITY_ADMIN,
    Role.CENTRE_LEADER,
    Role.ENTERPRISE_COORDINATOR,
    Role.PREFECTURE_OPERATOR,
    Role.DEPT_EDU,
    Role.DEPT_HR,
    Role.SYSTEM_ADMIN,
)
VERIFIERS = (Role.PREFECTURE_OPERATOR, Role.DEPT_EDU, Role.DEPT_HR, Role.SYSTEM_ADMIN)


class Can(StrEnum):
    """What can be done with an organisation."""

    VIEW = "organisations:organisation:view"
    CREATE = "organisations:organisation:create"
    EDIT = "organisations:organisation:edit"
    VERIFY = "organisations:organisation:verify"
    IMPORT = "organisations:organisation:import"
    EXPORT = "organisations:organisation:export"
    CONTACT = "organisations:contact:view"


GRANTS: Table = {
    Can.VIEW: ((role(*VIEWERS),),),
    Can.CREATE: ((role(*VERIFIERS),),),
    Can.EDIT: ((role_over(*EDITORS),),),
    Can.VERIFY: ((role_over(*VERIFIERS),),),
    Can.IMPORT: ((role(*VERIFIERS),),),
    Can.EXPORT: ((role(*VIEWERS),),),
    Can.CONTACT: ((role_over(*VIEWERS),),),
}
