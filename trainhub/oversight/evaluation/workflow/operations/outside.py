"""Nobody handles the evaluation of the own university: what an office or a visiting group does has to come from outside the programme."""

from __future__ import annotations

from datetime import date

from trainhub.kernel.access import Identity
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.oversight.evaluation.queries import staff
from trainhub.oversight.evaluation.workflow import former_queries
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.types import Actor, Event
from trainhub.programmes import queries as programmes

OFFICES = frozenset([Actor.ASSOCIATION, Actor.WORKING_GROUP])


class NotOutside(Refused):
    """Who acts belongs to the university whose programme is judged."""

    code = "not_outside"


def is_asked(actor: Actor, event: Event | None = None) -> bool:
    """Whether a step is one of an office, or ends the visit: sending what the group has concluded decides nothing, nor does a list of the year."""
    if event is Event.PUBLISH:
        return False
    return actor in OFFICES or event is Event.END_VISIT


def check(application: Application, by: Identity, today: date, *, is_visiting: bool = False) -> None:
    """Refuse somebody who teaches, works or holds a role at the programme's university, however the office was given to them, and who judges or
    judged on the visit, or had to step aside from it: nobody concludes the own opinion, nor with a conflict of interest. `is_visiting`: it is a step of the visiting group, see also `staff.ties_to_university`.
    Raises NotOutside."""
    told = kept_out(application, by, today, is_visiting=is_visiting)
    if told:
        raise NotOutside(told)


def kept_out(application: Application, by: Identity, today: date, *, is_visiting: bool = False) -> str:
    """What `check` would refuse somebody with, in words: pages say it instead of offering what would be refused. Empty for everybody else."""
    if by.account_id is None:
        return ""
    programme = programmes.by_id(application.programme_id)
    assert programme is not None
    ties = staff.ties_to_university(by.person_id, by.account_id, programme, today, is_visiting=is_visiting)
    if ties:
        return _("你%(why)s，不能办理本校专业的评价申请，请由其他成员办理。", why="；".join(ties))
    part = None if is_visiting else former_queries.visited_as(application.id, by.account_id)
    if part is not None and part.has_conflict:
        return _("你在这项申请中声明过或被查明有利益冲突，不能为认证协会或专家工作组办理它，请由其他成员办理。")
    if part is not None:
        return _("你是这项申请的现场考查专家，不能再为认证协会或专家工作组办理它，请由其他成员办理。")
    return ""
