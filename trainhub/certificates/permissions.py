"""Who may do what with certificates. The public verification page asks for nothing."""

from __future__ import annotations

from enum import StrEnum

from trainhub.kernel.access import NOTHING, Identity, Role, Subject, Table, may, named, own, role, role_over

VIEWERS = (
    Role.UNIVERSITY_ADMIN,
    Role.PROGRAMME_ADMIN,
    Role.CENTRE_LEADER,
    Role.ENTERPRISE_COORDINATOR,
    Role.PREFECTURE_OPERATOR,
    Role.DEPT_EDU,
    Role.DEPT_HR,
    Role.INSPECTOR,
    Role.AUDITOR,
    Role.SYSTEM_ADMIN,
)
"""Roles that see the certificates of the issuers, programmes and regions they are granted over."""
CHANGERS = (Role.UNIVERSITY_ADMIN, Role.CENTRE_LEADER, Role.DEPT_EDU, Role.DEPT_HR, Role.SYSTEM_ADMIN)
"""Those who answer for the issuer: they revoke, suspend, reissue and correct."""
APPROVERS = (Role.DEPT_EDU, Role.DEPT_HR, Role.SYSTEM_ADMIN)
"""Those who approve templates, and draw up the ones that every issuer may use."""
PRINTERS = (Role.UNIVERSITY_ADMIN, Role.CENTRE_LEADER, Role.SYSTEM_ADMIN)


class Can(StrEnum):
    """What can be done with a certificate."""

    LIST = "certificates:certificate:list"
    VIEW = "certificates:certificate:view"
    DOWNLOAD = "certificates:certificate:download"
    SHARE = "certificates:certificate:share"
    ISSUE = "certificates:certificate:issue"
    REVOKE = "certificates:certificate:revoke"
    SUSPEND = "certificates:certificate:suspend"
    RESUME = "certificates:certificate:resume"
    REISSUE = "certificates:certificate:reissue"
    CORRECT = "certificates:certificate:correct"
    BATCH_LIST = "certificates:batch:list"
    BATCH_CREATE = "certificates:batch:create"
    BATCH_VIEW = "certificates:batch:view"
    BATCH_DECIDE = "certificates:batch:decide"
    TEMPLATE_LIST = "certificates:template:list"
    TEMPLATE_VIEW = "certificates:template:view"
    TEMPLATE_EDIT = "certificates:template:edit"
    TEMPLATE_SET = "certificates:template:set"
    TEMPLATE_APPROVE = "certificates:template:approve"
    KEYS = "certificates:key:rotate"
    PRINT_LIST = "certificates:run:list"
    PRINT_CREATE = "certificates:run:create"
    PRINT_VIEW = "certificates:run:view"


is_common = named("common", lambda _identity, subject: subject == NOTHING)
"""What belongs to no issuer in particular."""

GRANTS: Table = {
    Can.LIST: ((role(*VIEWERS),),),
    Can.VIEW: ((role_over(*VIEWERS),), (own,)),
    Can.DOWNLOAD: ((role_over(*PRINTERS),), (own,)),
    Can.SHARE: ((own,),),
    Can.ISSUE: ((role_over(*CHANGERS),),),
    Can.REVOKE: ((role_over(*CHANGERS),),),
    Can.SUSPEND: ((role_over(*CHANGERS),),),
    Can.RESUME: ((role_over(*CHANGERS),),),
    Can.REISSUE: ((role_over(*CHANGERS),),),
    Can.CORRECT: ((role_over(*CHANGERS),),),
    Can.BATCH_LIST: ((role(*CHANGERS),),),
    Can.BATCH_CREATE: ((role(*CHANGERS),),),
    Can.BATCH_VIEW: ((role_over(*CHANGERS),),),
    Can.BATCH_DECIDE: ((role_over(*CHANGERS),),),
    Can.TEMPLATE_LIST: ((role(*CHANGERS),),),
    Can.TEMPLATE_VIEW: ((role_over(*CHANGERS),), (role(*CHANGERS), is_common)),
    Can.TEMPLATE_EDIT: ((role_over(*CHANGERS),), (role(*APPROVERS), is_common)),
    Can.TEMPLATE_SET: ((role_over(*CHANGERS),),),
    Can.TEMPLATE_APPROVE: ((role(*APPROVERS),),),
    Can.KEYS: ((role(Role.SYSTEM_ADMIN),),),
    Can.PRINT_LIST: ((role(*PRINTERS),),),
    Can.PRINT_CREATE: ((role(*PRINTERS),),),
    Can.PRINT_VIEW: ((role_over(*PRINTERS),),),
}


def knows_all(identity: Identity, certificate: Subject) -> bool:
    """Whether somebody reads the facts that are for holder and issuer alone: the holder, who prints for the issuer, who answers for it."""
    return any(may(identity, can, certificate) for can in (Can.DOWNLOAD, Can.CORRECT))
