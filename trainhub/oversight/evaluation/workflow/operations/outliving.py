"""Expert grants of before the rule that an expert belongs to an association or a group (`identity.rules.EXPERT_HOMES`) come to an end."""

from __future__ import annotations

from datetime import date, datetime

from trainhub.identity import operations as identity
from trainhub.identity import queries as accounts
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.i18n import N_
from trainhub.notifications import operations as notices
from trainhub.oversight.evaluation.workflow import queries


def end_outlived_grants(*, today: date, now: datetime) -> int:
    """End every grant of an expert over a school, a programme, a region or the province, unless its holder has a visit that is not
    over: then when it is. The assignment opens what is judged, before and after. Each holder is told. Doing it again changes nothing.
    """
    ended = [one for one in accounts.experts_outside_homes() if not _is_visiting(one.account_id, today)]
    for grant in ended:
        identity.end_grant(grant_id=grant.id, account=accounts.account(grant.account_id), by=SYSTEM, now=now)
    notices.notify(
        account_ids={grant.account_id for grant in ended},
        kind="evaluation.expert.grant_ended",
        message=N_("按现行规则，评价专家只在认证协会、专家组或评价机构范围内授权，你原有范围的专家授权已结束。被指派的考查在考查期内自动开放。"),
        now=now,
    )
    return len(ended)


def _is_visiting(account_id: int, today: date) -> bool:
    spans = [queries.reading_days(row, today) for row, _assignment, _programme in queries.visits_of(account_id)]
    return any(span is None or today <= span[1] for span in spans)
