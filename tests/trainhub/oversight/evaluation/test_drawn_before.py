"""What a submission freezes is drawn before anything is locked: nobody waits for it, and nothing that changed meanwhile is passed over."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.trainhub.oversight.evaluation.test_workflow import DAY, Play, apply, at, go, hand, play  # noqa: F401 - fixtures
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.errors import Stale
from trainhub.ledger.models import ConfirmedDay
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.register_types import Quality
from trainhub.oversight.evaluation.store import queries as store
from trainhub.oversight.evaluation.store.operations import freezing
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.operations import moving, papers
from trainhub.oversight.evaluation.workflow.types import DocumentKind, Event, State


def ready(play: Play) -> Application:
    row = go(apply(play), Event.ACCEPT, DAY, play.association)
    hand(row, DocumentKind.SELF_REPORT, DAY)
    hand(row, DocumentKind.SUPPLEMENTARY_REPORT, DAY)
    papers.note_passage(application=row, passage="第 3 部分", by=SYSTEM, now=at(DAY))
    return row


def test_behind_the_lock_little_is_asked(play: Play, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    row = ready(play)
    drawn = moving.prepare(application=row, event=Event.SUBMIT, today=DAY)
    assert drawn is not None

    def never(*_args: Any, **_given: Any) -> Any:
        raise AssertionError("drawn behind the lock")

    monkeypatch.setattr(freezing, "draw", never)
    assert go(row, Event.SUBMIT, DAY, drawn=drawn).state is State.SUBMITTED
    pieces = store.frozen_of(row.id)
    assert {one.code for one, _file in pieces} >= {"T1", "T2", "T3", "T4", "M2.2"}


def test_what_changed_meanwhile_is_told(play: Play, session: Session) -> None:
    row = ready(play)
    drawn = moving.prepare(application=row, event=Event.SUBMIT, today=DAY)
    session.execute(sa.delete(ConfirmedDay).where(ConfirmedDay.student_id == play.built.students[0].id))
    session.expire_all()
    with pytest.raises(Stale):
        go(row, Event.SUBMIT, DAY, drawn=drawn)


def test_the_honour_of_before_does_not_stand_in_the_way(play: Play, session: Session) -> None:
    judging.note_quality(programme=play.built.programme, quality=Quality.DISTINCTIVE, text="特色", by=SYSTEM, today=DAY, now=at(DAY))
    row = ready(play)
    drawn = moving.prepare(application=row, event=Event.SUBMIT, today=DAY)
    assert go(row, Event.SUBMIT, DAY, drawn=drawn).state is State.SUBMITTED


def test_nothing_is_drawn_for_what_is_refused(play: Play, session: Session) -> None:
    row = apply(play)
    assert moving.prepare(application=row, event=Event.SUBMIT, today=DAY) is None, "not accepted yet"
    go(row, Event.ACCEPT, DAY, play.association)
    assert moving.prepare(application=row, event=Event.SUBMIT, today=DAY) is None, "no reports"
