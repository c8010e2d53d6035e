"""Telling those whom a survey asks: when it opens, and once more before it closes to who has not answered."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from trainhub.identity import queries as identities
from trainhub.kernel.i18n import N_
from trainhub.notifications.operations import Telling, notify_each
from trainhub.oversight.surveys import queries
from trainhub.oversight.surveys.models import Survey
from trainhub.oversight.surveys.types import SurveyKind
from trainhub.policy.book import book

OPEN = N_("“%(title)s”已开始填报，截止 %(day)s，请在“待填调查”中填写。")
CLOSING = N_("“%(title)s”将于 %(day)s 截止，你还没有填写。")
PAGE = "/surveys/mine"


def tell(*, today: date, now: datetime) -> int:
    """Tell the coordinators of enterprises, and the graduates, whom the open surveys ask and who have not answered; each once when it
    opens and once (for each day that was its end) within own.surveys.remind_days of its end. How many notices; repeating tells nobody twice."""
    days = timedelta(days=book().at("own.surveys.remind_days", on=today).number)
    tellings: list[Telling] = []
    for kind in SurveyKind:
        for survey in queries.open_on(kind, today):
            values = {"title": survey.title, "day": survey.closes_on.isoformat()}
            is_closing = today > survey.opens_on and survey.closes_on - today <= days
            message, key = (CLOSING, f"survey:{survey.id}:closing:{values['day']}") if is_closing else (OPEN, f"survey:{survey.id}:open")
            kind_of = "surveys.closing" if is_closing else "surveys.open"
            tellings += [Telling(one, kind_of, message, values, PAGE, key) for one in _asked(survey, today)]
    return notify_each(tellings, now=now)


def _asked(survey: Survey, today: date) -> list[int]:
    """The accounts of those who have not answered yet."""
    if survey.kind is SurveyKind.GRADUATES:
        return sorted(identities.accounts_of_persons(queries.silent_graduates(survey)).values())
    return sorted(identities.holders_at(queries.ANSWERING, queries.silent_enterprises(survey), today=today))
