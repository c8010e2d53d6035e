"""Who may do what with programme evaluation.

The association and the expert working group are offices: an expert grant over an organisation of that kind acts for it. An
expert of a visit needs no grant over the programme: the assignment opens the dossier, and only around the visit. Ending the
visit and sending its result is not bound to those days. What was handed in and what the programme is found to be is the dossier; what the programme works with is not: the evidence and the
texts of today, the registers, simulations, the changes over time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trainhub.kernel.access import Predicate, Role, Subject, Table, named, role, role_over

READERS = (Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN, Role.DEPT_EDU, Role.INSPECTOR, Role.AUDITOR, Role.SYSTEM_ADMIN)
VIEWERS = (*READERS, Role.EXPERT)
EDITORS = (Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN, Role.SYSTEM_ADMIN)


@dataclass(frozen=True, slots=True)
class CaseSubject(Subject):
    """An evaluation: the offices that handle it, the accounts of the experts who may see it today, and of all who are assigned."""

    associations: frozenset[int] = frozenset()
    groups: frozenset[int] = frozenset()
    visitors: frozenset[int] = frozenset()
    assigned: frozenset[int] = frozenset()
    is_submitted: bool = False
    """An application is with the experts: from the submission of the reports to the verdict."""
    is_handled: bool = False
    """An application is with the offices: from the application to the verdict."""
    is_considered: bool = False
    """The working group considers an application."""
    members: frozenset[int] = frozenset()
    """The accounts of the group of a visit whose result it has not sent yet, on every day."""


at_association: Predicate = named("association", lambda who, on: bool(who.organisation_ids(Role.EXPERT) & getattr(on, "associations", frozenset())))
"""Acts for the accreditation association."""
in_group: Predicate = named("working_group", lambda who, on: bool(who.organisation_ids(Role.EXPERT) & getattr(on, "groups", frozenset())))
"""Acts for the expert working group of the 卓越计划."""
visits: Predicate = named("visits", lambda who, on: who.account_id is not None and who.account_id in getattr(on, "visitors", ()))
"""An expert of the visit, around the days of the visit."""
sends: Predicate = named("sends", lambda who, on: who.account_id is not None and who.account_id in getattr(on, "members", ()))
"""An expert of the visit until its result is sent: reading comes to an end, what the group has to send does not."""
is_assigned: Predicate = named("assigned", lambda who, on: who.account_id is not None and who.account_id in getattr(on, "assigned", ()))
"""An expert assigned to the visit, before the declaration too, until the visit is over; who steps aside has no more to do with it."""

is_with_programme: Predicate = named("before_submission", lambda _who, on: not getattr(on, "is_submitted", False))
"""No application is with the experts: what a programme says about itself never stands against what they found."""


is_handled: Predicate = named("handled", lambda _who, on: bool(getattr(on, "is_handled", False)))
"""The offices read while they handle an application: an office is no standing key to every programme."""
is_considered: Predicate = named("considered", lambda _who, on: bool(getattr(on, "is_considered", False)))
"""The working group judges while it considers an application, at no other time (T10)."""


class Can(StrEnum):
    """What can be done with the evaluation of a programme."""

    LIST = "evaluation:programme:list"
    VIEW = "evaluation:programme:view"
    VIEW_WORK = "evaluation:work:view"
    JUDGE = "evaluation:judgement:record"
    EDIT_REGISTER = "evaluation:register:edit"
    EDIT_EVIDENCE = "evaluation:evidence:edit"
    CASE_VIEW = "evaluation:application:view"
    ACT_PROGRAMME = "evaluation:application:submit"
    ACT_ASSOCIATION = "evaluation:application:handle"
    ACT_VISIT = "evaluation:visit:judge"
    SEND_VISIT = "evaluation:visit:send"
    ACT_GROUP = "evaluation:verdict:decide"
    DECLARE = "evaluation:visit:declare"
    PUBLISH = "evaluation:list:publish"
    PREVIEW = "evaluation:rule:preview"


GRANTS: Table = {
    Can.LIST: ((role(*VIEWERS),),),
    Can.VIEW: ((role_over(*READERS),), (at_association, is_handled), (in_group, is_handled), (visits,)),
    Can.VIEW_WORK: ((role_over(*READERS),), (at_association, is_handled), (in_group, is_handled)),
    Can.JUDGE: ((role_over(Role.PROGRAMME_ADMIN, Role.SYSTEM_ADMIN), is_with_programme), (in_group, is_considered)),
    Can.EDIT_REGISTER: ((role_over(*EDITORS),),),
    Can.EDIT_EVIDENCE: ((role_over(*EDITORS),),),
    Can.CASE_VIEW: ((role_over(*READERS),), (at_association,), (in_group,), (visits,), (sends,), (is_assigned,)),
    Can.ACT_PROGRAMME: ((role_over(*EDITORS),),),
    Can.ACT_ASSOCIATION: ((at_association,),),
    Can.ACT_VISIT: ((visits,),),
    Can.SEND_VISIT: ((sends,),),
    Can.ACT_GROUP: ((in_group,),),
    Can.DECLARE: ((is_assigned,),),
    Can.PUBLISH: ((in_group,),),
    Can.PREVIEW: ((role(Role.DEPT_EDU, Role.UNIVERSITY_ADMIN, Role.PROGRAMME_ADMIN, Role.SYSTEM_ADMIN, Role.AUDITOR),),),
}
