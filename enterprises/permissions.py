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

TOPIC_SIDES = (Role.ENTERPRISE_COORDINATOR, Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN, Role.SCHOOL_SUPERVISOR, Role.SYSTEM_ADMIN)
OVERSEERS = (Role.DEPT_EDU, Role.INSPECTOR, Role.EXPERT, Role.AUDITOR)
CAPSTONE_VIEWERS = (Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN, Role.ENTERPRISE_COORDINATOR, *OVERSEERS, Role.SYSTEM_ADMIN)
AWARD_APPLICANTS = (Role.CENTRE_LEADER, Role.ENTERPRISE_COORDINATOR)
"""Who applies for awards of a base or an enterprise, and is told what became of it."""
AWARD_VIEWERS = (
    Role.CENTRE_LEADER,
    Role.ENTERPRISE_COORDINATOR,
    Role.UNIVERSITY_ADMIN,
    Role.PREFECTURE_OPERATOR,
    Role.DEPT_EDU,
    Role.DEPT_HR,
    Role.DEPT_ST,
    Role.DEPT_FIN,
    Role.INSPECTOR,
    Role.AUDITOR,
    Role.SYSTEM_ADMIN,
)

SUBSIDY_CLAIMANTS = (Role.CENTRE_LEADER, Role.ENTERPRISE_COORDINATOR, Role.UNIVERSITY_ADMIN)
SUBSIDY_VIEWERS = (
    *SUBSIDY_CLAIMANTS,
    Role.PREFECTURE_OPERATOR,
    Role.DEPT_HR,
    Role.DEPT_FIN,
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
    BASE_INSPECT = "bases:base:inspect"
    INTEREST_LIST = "bases:interest:list"
    INTEREST_READ = "bases:interest:read"
    INTEREST_STATE = "bases:interest:state"
    MENTOR_LIST = "mentors:mentor:list"
    MENTOR_VIEW = "mentors:mentor:view"
    MENTOR_EDIT = "mentors:mentor:edit"
    MENTOR_CREATE = "mentors:mentor:create"
    MENTOR_IMPORT = "mentors:mentor:import"
    MENTOR_PROVE = "mentors:account:prove"
    CONFLICT_DECLARE = "mentors:conflict:declare"
    CONFLICT_SCHOOL = "mentors:conflict:decide"
    PLAN_EDIT = "placements:plan:edit"
    PLAN_SIGN = "placements:plan:sign"
    TERM_LIST = "placements:term:list"
    TERM_EDIT = "placements:term:edit"
    POSITION_LIST = "placements:position:list"
    SEATS_LIST = "placements:seats:list"
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
    PLACEMENT_ENTERPRISE = "placements:placement:enterprise"
    PLACEMENT_SIGN = "placements:placement:sign"
    PLACEMENT_RUN = "placements:placement:run"
    PLACEMENT_MENTOR = "placements:placement:mentor"
    DAY_CORRECT = "placements:day:correct"
    EVENT_LIST = "placements:event:list"
    EVENT_REPORT = "placements:event:report"
    EVENT_DECIDE = "placements:event:decide"
    LOG_REVIEW = "placements:log:review"
    LOG_REVIEW_LIST = "placements:log:review_list"
    CONFIRM_LIST = "placements:confirm:list"
    WEEKS_LIST = "placements:weeks:list"
    WEEKS_VIEW = "placements:weeks:view"
    TOPIC_LIST = "capstones:topic:list"
    TOPIC_VIEW = "capstones:topic:view"
    TOPIC_EVIDENCE = "capstones:topic:evidence"
    TOPIC_PROPOSE = "capstones:topic:propose"
    TOPIC_APPROVE_SCHOOL = "capstones:topic:approve_school"
    TOPIC_APPROVE_ENTERPRISE = "capstones:topic:approve_enterprise"
    CAPSTONE_LIST = "capstones:capstone:list"
    CAPSTONE_VIEW = "capstones:capstone:view"
    CAPSTONE_OWN = "capstones:capstone:own"
    CAPSTONE_SUBMIT = "capstones:capstone:submit"
    CAPSTONE_GUIDE = "capstones:capstone:guide"
    CAPSTONE_SUPERVISE = "capstones:capstone:supervise"
    CAPSTONE_SUPERVISED = "capstones:capstone:supervised"
    CAPSTONE_ASSIGN = "capstones:capstone:assign"
    CAPSTONE_FINISH = "capstones:capstone:finish"
    CAPSTONE_COHORT = "capstones:cohort:view"
    CAPSTONE_LINK = "capstones:link:make"
    CAPSTONE_IMPORT = "capstones:capstone:import"
    TOPIC_SUGGEST = "capstones:topic:suggest"
    CHOICE_OWN = "capstones:choice:own"
    REVIEW_SIGN = "capstones:review:sign"
    ENTERPRISE_DESK = "capstones:enterprise:view"
    SPOT_CHECK_LIST = "capstones:spot_check:list"
    SPOT_CHECK_RUN = "capstones:spot_check:run"
    SPOT_CHECK_VIEW = "capstones:spot_check:view"
    CONTRIBUTION_LIST = "contributions:contribution:list"
    AWARD_RULES = "awards:rule:list"
    AWARD_LIST = "awards:award:list"
    AWARD_VIEW = "awards:award:view"
    AWARD_APPLY = "awards:award:apply"
    AWARD_HANDLE = "awards:award:handle"
    AWARD_PAY = "awards:award:pay"
    AWARD_CHECK = "awards:award:review"
    POOL_LIST = "awards:pool:list"
    POOL_EDIT = "awards:pool:edit"
    CREDIT_LIST = "awards:credit:list"
    CREDIT_EDIT = "awards:credit:edit"
    COMPANY_VIEW = "awards:company:view"
    COMPANY_EDIT = "awards:company:edit"
    SUBSIDY_LIST = "subsidies:claim:list"
    SUBSIDY_VIEW = "subsidies:claim:view"
    SUBSIDY_START = "subsidies:claim:create"
    SUBSIDY_CLAIM = "subsidies:claim:apply"
    SUBSIDY_HANDLE = "subsidies:claim:handle"
    SUBSIDY_PAY = "subsidies:claim:pay"


GRANTS: Table = {
    # -- bases and mentors
    Can.BASE_VIEW: ((anyone_signed_in,),),
    Can.BASE_INSIDE: (
        (role_over(*BASE_EDITORS, Role.PROGRAMME_ADMIN, Role.PREFECTURE_OPERATOR, *DEPARTMENTS, Role.EXPERT, Role.INSPECTOR, Role.AUDITOR),),
    ),
    Can.BASE_EDIT: ((role_over(*BASE_EDITORS),),),
    Can.BASE_ACCEPT: ((role_everywhere(*DEPARTMENTS),),),
    Can.BASE_INSPECT: ((role_over(*SCHOOL, Role.PREFECTURE_OPERATOR, Role.INSPECTOR, *DEPARTMENTS),),),
    Can.INTEREST_LIST: ((role(*OFFERERS, *SCHOOL, Role.PREFECTURE_OPERATOR, Role.DEPT_EDU, Role.AUDITOR),),),
    Can.INTEREST_READ: ((role(*SCHOOL, Role.PREFECTURE_OPERATOR, Role.DEPT_EDU, Role.AUDITOR),),),
    Can.INTEREST_STATE: ((role_over(Role.ENTERPRISE_COORDINATOR, Role.SYSTEM_ADMIN),),),
    Can.MENTOR_LIST: ((role(*MENTOR_VIEWERS, *SCHOOL, Role.SCHOOL_SUPERVISOR),),),
    Can.MENTOR_VIEW: ((role_over(*MENTOR_VIEWERS),), (role(*SCHOOL, Role.SCHOOL_SUPERVISOR),), (own,)),
    Can.MENTOR_EDIT: ((role_over(*MENTOR_EDITORS),), (own,)),
    Can.MENTOR_CREATE: ((role_over(*MENTOR_EDITORS),),),
    Can.MENTOR_IMPORT: ((role(*MENTOR_EDITORS),),),
    Can.MENTOR_PROVE: ((role(*SCHOOL),),),
    Can.CONFLICT_DECLARE: ((role_over(*MENTOR_EDITORS),), (own,), (role(*SCHOOL),)),
    Can.CONFLICT_SCHOOL: ((role_over(*SCHOOL),),),
    # -- placements
    Can.PLAN_EDIT: ((role_over(*SCHOOL),),),
    Can.PLAN_SIGN: ((role_over(Role.ENTERPRISE_COORDINATOR),),),
    Can.TERM_LIST: ((role(*SCHOOL),),),
    Can.TERM_EDIT: ((role_over(*SCHOOL),),),
    Can.POSITION_LIST: ((role(*OFFERERS, *SCHOOL, Role.DEPT_EDU, Role.AUDITOR),),),
    Can.SEATS_LIST: ((role(*SCHOOL, Role.DEPT_EDU, Role.AUDITOR),),),
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
    Can.PLACEMENT_ENTERPRISE: ((role_over(Role.ENTERPRISE_COORDINATOR),),),
    Can.PLACEMENT_SIGN: ((role_over(*SCHOOL, *OFFERERS),), (own,)),
    Can.PLACEMENT_RUN: ((role_over(*SCHOOL, *OFFERERS),),),
    Can.PLACEMENT_MENTOR: ((own,),),
    Can.DAY_CORRECT: ((role_over(*SCHOOL),),),
    Can.EVENT_LIST: ((role(*PLACEMENT_VIEWERS, Role.MENTOR),),),
    Can.EVENT_REPORT: ((role_over(*SCHOOL, *OFFERERS, Role.SCHOOL_SUPERVISOR),), (own,)),
    Can.EVENT_DECIDE: ((role_over(*SCHOOL, Role.SCHOOL_SUPERVISOR),), (own,)),
    Can.LOG_REVIEW: ((role_over(*SCHOOL, Role.SCHOOL_SUPERVISOR),),),
    Can.LOG_REVIEW_LIST: ((role(*SCHOOL, Role.SCHOOL_SUPERVISOR),),),
    Can.CONFIRM_LIST: ((role(Role.MENTOR),),),
    Can.WEEKS_LIST: ((role(*WEEKS_VIEWERS),),),
    Can.WEEKS_VIEW: ((role_over(*WEEKS_VIEWERS),), (own,)),
    # -- capstones: lists and pages of topics narrow themselves by `visible_to`
    Can.TOPIC_LIST: ((role(*TOPIC_SIDES, *OVERSEERS, Role.MENTOR, Role.STUDENT),),),
    Can.TOPIC_VIEW: ((anyone_signed_in,),),
    Can.TOPIC_EVIDENCE: ((role_over(*TOPIC_SIDES, *OVERSEERS),), (own,)),
    Can.TOPIC_PROPOSE: ((role(*TOPIC_SIDES, Role.MENTOR),),),
    Can.TOPIC_APPROVE_SCHOOL: ((role_over(*SCHOOL),),),
    Can.TOPIC_APPROVE_ENTERPRISE: ((role_over(Role.ENTERPRISE_COORDINATOR, Role.SYSTEM_ADMIN),),),
    Can.CAPSTONE_LIST: ((role(*CAPSTONE_VIEWERS),),),
    Can.CAPSTONE_VIEW: ((role_over(*CAPSTONE_VIEWERS),), (own,)),
    Can.CAPSTONE_OWN: ((role(Role.STUDENT),),),
    Can.CAPSTONE_SUBMIT: ((own,),),
    Can.CAPSTONE_GUIDE: ((own,),),
    Can.CAPSTONE_SUPERVISE: ((own,),),
    Can.CAPSTONE_SUPERVISED: ((anyone_signed_in,),),  # the own ones: a head or a coordinator may supervise without a role of it
    Can.CAPSTONE_ASSIGN: ((role_over(*SCHOOL),),),
    Can.CAPSTONE_FINISH: ((role_over(*SCHOOL),),),
    Can.CAPSTONE_COHORT: ((role_over(*SCHOOL, *OVERSEERS),),),
    Can.CAPSTONE_LINK: ((role_over(*SCHOOL, Role.ENTERPRISE_COORDINATOR),),),
    Can.CAPSTONE_IMPORT: ((role(*SCHOOL),),),
    Can.TOPIC_SUGGEST: ((role(Role.STUDENT),),),
    Can.CHOICE_OWN: ((role(Role.STUDENT),),),
    Can.REVIEW_SIGN: ((own,),),
    Can.ENTERPRISE_DESK: ((role_over(Role.ENTERPRISE_COORDINATOR, Role.DEPT_EDU, Role.INSPECTOR, Role.AUDITOR, Role.SYSTEM_ADMIN),),),
    Can.SPOT_CHECK_LIST: ((role(Role.UNIVERSITY_ADMIN, *OVERSEERS, Role.SYSTEM_ADMIN),),),
    Can.SPOT_CHECK_RUN: ((role_over(Role.UNIVERSITY_ADMIN, Role.DEPT_EDU, Role.SYSTEM_ADMIN),),),
    # An expert reads theses without names: the sample with names, and what others said, is not for experts.
    Can.SPOT_CHECK_VIEW: ((role_over(Role.UNIVERSITY_ADMIN, Role.DEPT_EDU, Role.INSPECTOR, Role.AUDITOR, Role.SYSTEM_ADMIN),),),
    # -- contributions and awards
    Can.CONTRIBUTION_LIST: ((role(*CAPSTONE_VIEWERS, Role.DEPT_HR, Role.PREFECTURE_OPERATOR),),),
    Can.AWARD_RULES: ((anyone_signed_in,),),
    Can.AWARD_LIST: ((role(*AWARD_VIEWERS),),),
    Can.AWARD_VIEW: ((role_over(*AWARD_VIEWERS),),),
    Can.AWARD_APPLY: ((role_over(*AWARD_APPLICANTS, Role.SYSTEM_ADMIN),),),
    Can.AWARD_HANDLE: ((role_everywhere(*DEPARTMENTS),),),
    Can.AWARD_PAY: ((role_everywhere(*DEPARTMENTS, Role.DEPT_FIN),), (role_over(Role.PREFECTURE_OPERATOR),)),
    Can.AWARD_CHECK: ((role_over(Role.PREFECTURE_OPERATOR, Role.SYSTEM_ADMIN),),),
    Can.POOL_LIST: ((role_everywhere(*DEPARTMENTS, Role.DEPT_FIN, Role.INSPECTOR, Role.AUDITOR),),),
    Can.POOL_EDIT: ((role_everywhere(Role.DEPT_FIN, Role.SYSTEM_ADMIN),),),
    Can.CREDIT_LIST: ((role_everywhere(*DEPARTMENTS, Role.DEPT_FIN, Role.INSPECTOR, Role.AUDITOR),),),
    Can.CREDIT_EDIT: ((role_everywhere(*DEPARTMENTS, Role.DEPT_FIN),),),
    Can.COMPANY_VIEW: ((role_over(*AWARD_VIEWERS),),),
    Can.COMPANY_EDIT: ((role_over(Role.ENTERPRISE_COORDINATOR, Role.PREFECTURE_OPERATOR, *DEPARTMENTS),),),
    # -- subsidies: 省人社厅 (FJ-16d)
    Can.SUBSIDY_LIST: ((role(*SUBSIDY_VIEWERS),),),
    Can.SUBSIDY_VIEW: ((role_over(*SUBSIDY_VIEWERS),),),
    Can.SUBSIDY_START: ((role(*SUBSIDY_CLAIMANTS, Role.DEPT_HR, Role.SYSTEM_ADMIN),),),
    Can.SUBSIDY_CLAIM: ((role_over(*SUBSIDY_CLAIMANTS),), (role_everywhere(Role.DEPT_HR, Role.SYSTEM_ADMIN),)),
    Can.SUBSIDY_HANDLE: ((role_everywhere(Role.DEPT_HR, Role.SYSTEM_ADMIN),),),
    Can.SUBSIDY_PAY: ((role_everywhere(Role.DEPT_HR, Role.DEPT_FIN, Role.SYSTEM_ADMIN),),),
}
