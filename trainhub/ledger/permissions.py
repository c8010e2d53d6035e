"""Who may do what with training records and rosters."""

from __future__ import annotations

from enum import StrEnum

from trainhub.kernel.access import Role, Table, own, role, role_everywhere, role_over

SEES_ALL = (Role.DEPT_HR, Role.DEPT_EDU, Role.DEPT_ST, Role.DEPT_FIN, Role.INSPECTOR, Role.AUDITOR, Role.SYSTEM_ADMIN)
"""Departments that see every record of the province."""
READERS = (*SEES_ALL, Role.PREFECTURE_OPERATOR, Role.CENTRE_LEADER, Role.UNIVERSITY_ADMIN, Role.ENTERPRISE_COORDINATOR)
IMPORTERS = (Role.DEPT_HR, Role.PREFECTURE_OPERATOR, Role.CENTRE_LEADER, Role.UNIVERSITY_ADMIN, Role.ENTERPRISE_COORDINATOR, Role.SYSTEM_ADMIN)
CORRECTORS = (Role.DEPT_HR, Role.PREFECTURE_OPERATOR, Role.SYSTEM_ADMIN)

HOLIDAY_EDITORS = (Role.DEPT_EDU, Role.DEPT_HR, Role.SYSTEM_ADMIN)
HOLIDAY_READERS = (*READERS, Role.PROGRAMME_ADMIN, Role.SCHOOL_SUPERVISOR, Role.MENTOR, Role.STUDENT)
"""Whoever reads a ledger of weeks may read the days that it goes by."""


class Can(StrEnum):
    """What can be done with training records."""

    LIST = "ledger:record:list"
    VIEW = "ledger:record:view"
    CANCEL = "ledger:record:cancel"
    IMPORT = "ledger:roster:import"
    IDENTIFY = "ledger:person:verify"
    DECIDE = "ledger:duplicate:decide"
    HOLIDAY_LIST = "ledger:holiday:list"
    HOLIDAY_EDIT = "ledger:holiday:edit"


GRANTS: Table = {
    Can.LIST: ((role(*READERS),),),
    Can.VIEW: ((role_over(*READERS),), (own,)),
    Can.CANCEL: ((role_over(*CORRECTORS),),),
    Can.IDENTIFY: ((role_over(*CORRECTORS),),),
    Can.IMPORT: ((role(*IMPORTERS),),),
    Can.HOLIDAY_LIST: ((role(*HOLIDAY_READERS),),),
    Can.HOLIDAY_EDIT: ((role_everywhere(*HOLIDAY_EDITORS),),),
    Can.DECIDE: ((role_everywhere(Role.DEPT_HR, Role.SYSTEM_ADMIN),),),
}
