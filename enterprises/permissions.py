"""Who may do what in the room `enterprises`: permissions named `room:thing:action`, each an OR of ANDs of pure predicates."""

from __future__ import annotations

from enum import StrEnum

from trainhub.kernel.access import Role, Table, anyone_signed_in, own, role, role_everywhere, role_over

BASE_EDITORS = (Role.CENTRE_LEADER, Role.ENTERPRISE_COORDINATOR, Role.UNIVERSITY_ADMIN, Role.SYSTEM_ADMIN)
DEPARTMENTS = (Role.DEPT_EDU, Role.DEPT_HR, Role.DEPT_ST, Role.SYSTEM_ADMIN)
MENTOR_VIEWERS = (Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER, Role.DEPT_EDU, Role.EXPERT, Role.AUDITOR, Role.SYSTEM_ADMIN)
MENTOR_EDITORS = (Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER, Role.SYSTEM_ADMIN)
SCHOOL = (Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN, Role.SYSTEM_ADMIN)
OFFERERS = (Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER, Role.SYSTEM_ADMIN)
PLACEMENT_VIEWERS = (
    Role.PROGRAMME_ADMIN,
    Role.UNIVERSITY_ADMIN,
    Role.SCHOOL_SUPERVISOR,
    Role.ENTERPRISE_COORDINATOR,
    Role.CENTRE_LEADER,
    Role.DEPT_EDU,
    Role.EXPERT,
    Role.INSPECTOR,
    Role.AUDITOR,
    Role.SYSTEM_ADMIN,
)
"""Who sees placements inside the scope of the role; students and mentors see their own."""
WEEKS_VIEWERS = (
    Role.PROGRAMME_ADMIN,
    Role.UNIVERSITY_ADMIN,
    Role.SCHOOL_SUPERVISOR,
    Role.DEPT_EDU,
    Role.EXPERT,
    Role.INSPECTOR,
    Role.AUDITOR,
    Role.SYSTEM_ADMIN,
)


class Can(StrEnum):
    """The permissions of the room."""

    BASE_VIEW = "bases:base:view"
    BASE_INSIDE = "bases:base:inside"
    BASE_EDIT = "bases:base:edit"
    BASE_ACCEPT = "bases:base:accept"
    MENTOR_LIST = "mentors:mentor:list"
    MENTOR_VIEW = "mentors:mentor:view"
    MENTOR_EDIT = "mentors:mentor:edit"
    MENTOR_CREATE = "mentors:mentor:create"
    MENTOR_IMPORT = "mentors:mentor:import"
    PLAN_EDIT = "placements:plan:edit"
    TERM_LIST = "placements:term:list"
    TERM_EDIT = "placements:term:edit"
    POSITION_LIST = "placements:position:list"
    POSITION_VIEW = "placements:position:view"
    POSITION_CREATE = "placements:position:create"
    POSITION_EDIT = "placements:position:edit"
    POSITION_APPROVE = "placements:position:approve"
    ROUND_LIST = "placements:round:list"
    ROUND_EDIT = "placements:round:edit"
    PREFERENCE_OWN = "placements:preference:own"
    PLACEMENT_LIST = "placements:placement:list"
    PLACEMENT_VIEW = "placements:placement:view"
    PLACEMENT_OWN = "placements:placement:own"
    PLACEMENT_ARRANGE = "placements:placement:arrange"
    PLACEMENT_HOST = "placements:placement:host"
    PLACEMENT_SIGN = "placements:placement:sign"
    PLACEMENT_MENTOR = "placements:placement:mentor"
    DAY_CORRECT = "placements:day:correct"
    CONFIRM_LIST = "placements:confirm:list"
    WEEKS_LIST = "placements:weeks:list"
    WEEKS_VIEW = "placements:weeks:view"


GRANTS: Table = {
    # -- bases and mentors
    Can.BASE_VIEW: ((anyone_signed_in,),),
    Can.BASE_INSIDE: ((role_over(*BASE_EDITORS, Role.PREFECTURE_OPERATOR, *DEPARTMENTS, Role.EXPERT, Role.INSPECTOR, Role.AUDITOR),),),
    Can.BASE_EDIT: ((role_over(*BASE_EDITORS),),),
    Can.BASE_ACCEPT: ((role_everywhere(*DEPARTMENTS),),),
    Can.MENTOR_LIST: ((role(*MENTOR_VIEWERS, *SCHOOL, Role.SCHOOL_SUPERVISOR),),),
    Can.MENTOR_VIEW: ((role_over(*MENTOR_VIEWERS),), (role(*SCHOOL, Role.SCHOOL_SUPERVISOR),), (own,)),
    Can.MENTOR_EDIT: ((role_over(*MENTOR_EDITORS),), (own,)),
    Can.MENTOR_CREATE: ((role_over(*MENTOR_EDITORS),),),
    Can.MENTOR_IMPORT: ((role(*MENTOR_EDITORS),),),
    # -- placements
    Can.PLAN_EDIT: ((role_over(*SCHOOL),),),
    Can.TERM_LIST: ((role(*SCHOOL),),),
    Can.TERM_EDIT: ((role_over(*SCHOOL),),),
    Can.POSITION_LIST: ((role(*OFFERERS, *SCHOOL, Role.DEPT_EDU, Role.AUDITOR),),),
    Can.POSITION_VIEW: ((role_over(*OFFERERS),), (role(*SCHOOL, Role.STUDENT, Role.MENTOR, Role.SCHOOL_SUPERVISOR, Role.DEPT_EDU, Role.AUDITOR),)),
    Can.POSITION_CREATE: ((role(*OFFERERS),),),
    Can.POSITION_EDIT: ((role_over(*OFFERERS),),),
    Can.POSITION_APPROVE: ((role_over(*SCHOOL),),),
    Can.ROUND_LIST: ((role(*SCHOOL),),),
    Can.ROUND_EDIT: ((role_over(*SCHOOL),),),
    Can.PREFERENCE_OWN: ((own,),),
    Can.PLACEMENT_LIST: ((role(*PLACEMENT_VIEWERS, Role.MENTOR),),),
    Can.PLACEMENT_VIEW: ((role_over(*PLACEMENT_VIEWERS),), (own,)),
    Can.PLACEMENT_OWN: ((own,),),
    Can.PLACEMENT_ARRANGE: ((role_over(*SCHOOL),),),
    Can.PLACEMENT_HOST: ((role_over(*OFFERERS),),),
    Can.PLACEMENT_SIGN: ((role_over(*SCHOOL, *OFFERERS),), (own,)),
    Can.PLACEMENT_MENTOR: ((own,),),
    Can.DAY_CORRECT: ((role_over(*SCHOOL),),),
    Can.CONFIRM_LIST: ((role(Role.MENTOR),),),
    Can.WEEKS_LIST: ((role(*WEEKS_VIEWERS),),),
    Can.WEEKS_VIEW: ((role_over(*WEEKS_VIEWERS),), (own,)),
}
