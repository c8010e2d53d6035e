"""Who may do what with persons, students and teachers."""

from __future__ import annotations

from enum import StrEnum

from trainhub.kernel.access import Role, Table, own, role, role_everywhere, role_over

VIEWERS = (
    Role.UNIVERSITY_ADMIN,
    Role.PROGRAMME_ADMIN,
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
"""Who sees students and teachers inside the scope of the role; numbers and phones are masked for all of them."""
EDITORS = (Role.UNIVERSITY_ADMIN, Role.PROGRAMME_ADMIN, Role.SYSTEM_ADMIN)
EXPORTERS = (Role.UNIVERSITY_ADMIN, Role.PROGRAMME_ADMIN, Role.DEPT_EDU, Role.DEPT_HR, Role.AUDITOR, Role.SYSTEM_ADMIN)
EMPLOYMENT_EDITORS = (*EDITORS, Role.ENTERPRISE_COORDINATOR)
PERSON_VIEWERS = (Role.DEPT_HR, Role.AUDITOR, Role.SYSTEM_ADMIN)


class Can(StrEnum):
    """What can be done with people."""

    STUDENT_LIST = "people:student:list"
    STUDENT_VIEW = "people:student:view"
    STUDENT_EDIT = "people:student:edit"
    STUDENT_CREATE = "people:student:create"
    STUDENT_IMPORT = "people:student:import"
    STUDENT_EXPORT = "people:student:export"
    TEACHER_LIST = "people:teacher:list"
    TEACHER_VIEW = "people:teacher:view"
    TEACHER_EDIT = "people:teacher:edit"
    TEACHER_CREATE = "people:teacher:create"
    TEACHER_IMPORT = "people:teacher:import"
    TEACHER_EXPORT = "people:teacher:export"
    EMPLOYMENT_EDIT = "people:employment:edit"
    EMPLOYMENT_VERIFY = "people:employment:verify"
    PERSON_LIST = "people:person:list"
    PERSON_VIEW = "people:person:view"
    PERSON_EDIT = "people:person:edit"
    PAIR_DECIDE = "people:pair:decide"
    NUMBER_REVEAL = "people:number:reveal"
    HOLD_SET = "people:hold:set"


GRANTS: Table = {
    Can.STUDENT_LIST: ((role(*VIEWERS),),),
    Can.STUDENT_VIEW: ((role_over(*VIEWERS),), (own,)),
    Can.STUDENT_EDIT: ((role_over(*EDITORS),),),
    Can.STUDENT_CREATE: ((role_over(*EDITORS),),),
    Can.STUDENT_IMPORT: ((role(*EDITORS),),),
    Can.STUDENT_EXPORT: ((role(*EXPORTERS),),),
    Can.TEACHER_LIST: ((role(*VIEWERS),),),
    Can.TEACHER_VIEW: ((role_over(*VIEWERS),), (own,)),
    Can.TEACHER_EDIT: ((role_over(*EDITORS),),),
    Can.TEACHER_CREATE: ((role_over(*EDITORS),),),
    Can.TEACHER_IMPORT: ((role(*EDITORS),),),
    Can.TEACHER_EXPORT: ((role(*EXPORTERS),),),
    Can.EMPLOYMENT_EDIT: ((role_over(*EMPLOYMENT_EDITORS),), (own,)),
    Can.EMPLOYMENT_VERIFY: ((role_over(*EDITORS),),),
    Can.PERSON_LIST: ((role_everywhere(*PERSON_VIEWERS),),),
    Can.PERSON_VIEW: ((role_everywhere(*PERSON_VIEWERS),), (own,)),
    Can.PERSON_EDIT: ((role_everywhere(Role.SYSTEM_ADMIN),),),
    Can.PAIR_DECIDE: ((role_everywhere(Role.DEPT_HR, Role.SYSTEM_ADMIN),),),
    Can.HOLD_SET: ((role_everywhere(Role.AUDITOR, Role.SYSTEM_ADMIN),),),
    Can.NUMBER_REVEAL: ((role_over(Role.UNIVERSITY_ADMIN, Role.SYSTEM_ADMIN),),),
}
