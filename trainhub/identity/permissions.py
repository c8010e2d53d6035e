"""Who may do what to accounts, tokens and the audit log."""

from __future__ import annotations

from enum import StrEnum

from trainhub.kernel.access import Role, Table, anyone_signed_in, own, role, role_everywhere, role_over

MANAGERS = (Role.SYSTEM_ADMIN, Role.UNIVERSITY_ADMIN, Role.PROGRAMME_ADMIN, Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER, Role.PREFECTURE_OPERATOR)
OPENERS = (Role.SYSTEM_ADMIN, Role.UNIVERSITY_ADMIN, Role.PROGRAMME_ADMIN, Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER)
"""Who opens accounts for the persons of a list; each person is registered already, so that nobody is registered twice."""
HOSTS = (Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER)
HEADS = (Role.UNIVERSITY_ADMIN, *HOSTS)
"""Who rules a school, an enterprise or a base."""
DEPARTMENTS = (Role.DEPT_EDU, Role.DEPT_HR)


LOG_READERS = (Role.SYSTEM_ADMIN, Role.AUDITOR, Role.INSPECTOR)
"""Who reads the whole audit log, where they hold the role over everything."""


class Can(StrEnum):
    """Permissions of accounts."""

    ACCOUNT_LIST = "identity:account:list"
    ACCOUNT_VIEW = "identity:account:view"
    ACCOUNT_CREATE = "identity:account:create"
    ACCOUNT_REGISTER = "identity:account:register"
    ACCOUNT_OPEN = "identity:account:open"
    ACCOUNT_GRANT = "identity:account:grant"
    ACCOUNT_DISABLE = "identity:account:disable"
    ACCOUNT_RESET = "identity:account:reset"
    CLAIM_LIST = "identity:claim:list"
    CLAIM_DECIDE = "identity:claim:decide"
    REQUEST_DECIDE = "identity:request:decide"
    TOKEN_OWN = "identity:token:own"  # noqa: S105
    AUDIT_VIEW = "audit:event:view"
    JOB_VIEW = "kernel:job:view"
    JOB_STEER = "kernel:job:steer"


GRANTS: Table = {
    Can.ACCOUNT_LIST: ((role(*MANAGERS, *DEPARTMENTS, Role.AUDITOR),),),
    Can.ACCOUNT_VIEW: ((role_over(*MANAGERS, *DEPARTMENTS, Role.AUDITOR),), (own,)),
    Can.ACCOUNT_CREATE: ((role(Role.SYSTEM_ADMIN, Role.UNIVERSITY_ADMIN, *HOSTS, *DEPARTMENTS),),),
    Can.ACCOUNT_REGISTER: ((role(Role.SYSTEM_ADMIN, Role.UNIVERSITY_ADMIN, Role.ENTERPRISE_COORDINATOR, *DEPARTMENTS),),),
    Can.ACCOUNT_OPEN: ((role_over(*OPENERS),),),
    Can.ACCOUNT_GRANT: ((role_over(*MANAGERS, *DEPARTMENTS),),),
    Can.ACCOUNT_DISABLE: ((role_over(Role.SYSTEM_ADMIN, Role.UNIVERSITY_ADMIN, Role.ENTERPRISE_COORDINATOR),),),
    Can.ACCOUNT_RESET: ((role_over(*MANAGERS, *DEPARTMENTS),),),
    Can.CLAIM_LIST: ((role(*OPENERS, Role.DEPT_HR),),),
    Can.CLAIM_DECIDE: ((role_over(*OPENERS),), (role_everywhere(Role.DEPT_HR),)),
    Can.REQUEST_DECIDE: ((role_everywhere(Role.SYSTEM_ADMIN),),),
    Can.TOKEN_OWN: ((anyone_signed_in,),),
    Can.AUDIT_VIEW: ((role_everywhere(*LOG_READERS),), (role(Role.AUDITOR),)),  # of an organisation: what its own accounts did
    Can.JOB_VIEW: ((role_everywhere(Role.SYSTEM_ADMIN),),),
    Can.JOB_STEER: ((role_everywhere(Role.SYSTEM_ADMIN),),),
}
