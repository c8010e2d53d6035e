"""Who nominates talent, reviews and recognises it, keeps the lists."""

from __future__ import annotations

from enum import StrEnum

from trainhub.kernel.access import Role, Table, anyone_signed_in, own, role, role_everywhere, role_over
from trainhub.ledger.permissions import SEES_ALL

NOMINATORS = (Role.ENTERPRISE_COORDINATOR, Role.UNIVERSITY_ADMIN, Role.CENTRE_LEADER, Role.DEPT_HR, Role.SYSTEM_ADMIN)
KEEPERS = (Role.DEPT_HR, Role.SYSTEM_ADMIN)
"""省人社厅 keeps the databases; 省教育厅 reviews part-time mentors with it."""
REVIEWERS = (Role.DEPT_HR, Role.DEPT_EDU, Role.DEPT_ST, Role.SYSTEM_ADMIN)
VIEWERS = (*SEES_ALL, Role.ENTERPRISE_COORDINATOR, Role.UNIVERSITY_ADMIN, Role.CENTRE_LEADER)


class Can(StrEnum):
    """What can be done with the databases."""

    LIST = "talents:talent:list"
    VIEW = "talents:talent:view"
    NOMINATE = "talents:talent:propose"
    REVIEW = "talents:talent:review"
    DECIDE = "talents:talent:decide"
    AWARD_DECIDE = "talents:award:decide"
    AWARD_HANDLE = "talents:award:handle"
    EXAM_LIST = "talents:exam:list"
    EXAM_IMPORT = "talents:exam:import"
    SHORTAGE_VIEW = "talents:shortage:view"
    SHORTAGE_EDIT = "talents:shortage:edit"


GRANTS: Table = {
    Can.LIST: ((role(*VIEWERS),),),
    Can.VIEW: ((role_over(*VIEWERS),), (role_everywhere(*SEES_ALL),), (own,)),
    Can.NOMINATE: ((role(*NOMINATORS),),),
    Can.REVIEW: ((role_everywhere(*REVIEWERS),),),
    Can.DECIDE: ((role_everywhere(*KEEPERS),),),
    Can.AWARD_DECIDE: ((role_everywhere(*KEEPERS),),),
    Can.AWARD_HANDLE: ((role_everywhere(*REVIEWERS, Role.DEPT_FIN),),),
    Can.EXAM_LIST: ((role_everywhere(*SEES_ALL),),),
    Can.EXAM_IMPORT: ((role_everywhere(*KEEPERS),),),
    Can.SHORTAGE_VIEW: ((anyone_signed_in,),),
    Can.SHORTAGE_EDIT: ((role_everywhere(*KEEPERS),),),
}
