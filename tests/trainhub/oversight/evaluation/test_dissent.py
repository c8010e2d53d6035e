"""What an expert said in a form that is in does not vanish with the expert."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.trainhub.oversight.evaluation.test_visiting import assignment
from tests.trainhub.oversight.evaluation.test_workflow import DAY, Play, at, go, judge, play, scheduled  # noqa: F401 - fixtures
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.oversight.evaluation import catalogue
from trainhub.oversight.evaluation.documents import visit_form
from trainhub.oversight.evaluation.workflow import queries
from trainhub.oversight.evaluation.workflow.operations import visiting
from trainhub.oversight.evaluation.workflow.types import Event


def test_an_expert_whose_form_is_in_stays_unless_a_conflict_is_found(play: Play) -> None:
    row = scheduled(play)
    judge(play, row, play.member, DAY, differs=("1.3",))
    expert = assignment(row, play.member)
    with pytest.raises(Refused, match="评价表已提交"):
        visiting.end_assignment(expert=expert, reason="换人", by=play.association, now=at(DAY))
    assert expert.ended_at is None
    visiting.end_assignment(expert=expert, reason="查明与学校有合作课题", has_conflict=True, by=play.association, now=at(DAY))
    assert (expert.ended_at is not None, expert.has_conflict) == (True, True)


def test_one_without_a_form_is_replaced_as_before(play: Play) -> None:
    row = scheduled(play)
    expert = visiting.end_assignment(expert=assignment(row, play.member), reason="生病", by=play.association, now=at(DAY))
    assert (expert.ended_at is not None, expert.has_conflict) == (True, False)


def test_what_a_replaced_expert_said_stands_in_form_and_page(play: Play, session: Session) -> None:
    row = scheduled(play)
    judge(play, row, play.member, DAY, differs=("1.3",))
    visiting.end_assignment(expert=assignment(row, play.member), reason="查明有合作课题", has_conflict=True, by=play.association, now=at(DAY))
    judge(play, row, play.leader, DAY)
    assert set(queries.consensus_of(row.id)) == set(catalogue.criteria())
    programme = play.built.programme
    mine = {assignment(row, play.leader).id}
    assert "查明有合作课题" not in str(visit_form.content(row, programme, DAY, mine).blocks), "not before the visit is over"
    go(row, Event.END_VISIT, DAY, play.who(play.leader))
    told = str(visit_form.content(row, programme, DAY).blocks)
    assert [text for text in ("提交评价表后更换的专家", "查明有合作课题", "现场所见不足") if text not in told] == []


def test_the_page_names_the_replaced_expert(play: Play, session: Session, as_role: Callable[..., Any]) -> None:
    with transaction():
        row = scheduled(play)
        judge(play, row, play.member, DAY, differs=("1.3",))
        visiting.end_assignment(expert=assignment(row, play.member), reason="查明有合作课题", has_conflict=True, by=play.association, now=at(DAY))
        judge(play, row, play.leader, DAY)
        at_page, programme_id = f"/evaluation/applications/{row.id}/consensus", play.built.programme.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert "查明有合作课题" not in head.get(at_page).get_data(as_text=True), "not before the visit is over"
    with transaction():
        go(row, Event.END_VISIT, DAY, play.who(play.leader))
    page = head.get(at_page).get_data(as_text=True)
    assert [text for text in ("提交评价表后更换的专家", "查明有合作课题", "现场所见不足") if text not in page] == []
