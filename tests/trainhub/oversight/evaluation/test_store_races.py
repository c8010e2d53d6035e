"""Two who save the same thing at once: one row, the second is told in words or finds it there; never an error, never two of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Flask

from tests.factories import evaluation as factory
from tests.factories.parallel import together
from tests.trainhub.oversight.evaluation.test_case_races import racing  # noqa: F401 - a fixture
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import session, transaction
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation import models
from trainhub.oversight.evaluation.operations import judging, practice_registers, registers, support
from trainhub.oversight.evaluation.register_types import BudgetPurpose, BudgetSource, CentreRole, ExchangeKind, ParticipationArea
from trainhub.oversight.evaluation.store import queries
from trainhub.oversight.evaluation.store.models import EvidenceItem, ReportText
from trainhub.oversight.evaluation.store.operations import keeping
from trainhub.oversight.evaluation.types import JudgementResult, MarkSource
from trainhub.people import queries as people
from trainhub.programmes import queries as programmes

DAY = date(2026, 3, 2)
BY: dict[str, Any] = {"by": SYSTEM, "now": factory.NOW}


def rows(model: Any) -> int:
    session().rollback()
    return session().scalar(sa.select(sa.func.count()).select_from(model)) or 0


def test_what_two_save_at_once_is_there_once(racing: Flask) -> None:
    with transaction():
        built = factory.bare(students=1, teachers=1)
        key, base_id, item_id, student_id = built.programme.id, built.base.id, built.items[0].id, built.students[0].id

    def here() -> Any:
        return programmes.by_id(key)

    def twice(act: Callable[[], object], model: Any) -> tuple[list[str], int]:
        return together(racing, act, act), rows(model)

    def participate() -> object:
        area = ParticipationArea.STANDARD
        return registers.add_participation(programme=here(), area=area, expert="王工", enterprise="甲厂", held_on=DAY, contribution="提出三条", **BY)

    def budget(year: int = 2026) -> object:
        purpose, source = BudgetPurpose.COURSES, BudgetSource.UNIVERSITY
        return registers.add_budget_line(programme=here(), year=year, purpose=purpose, source=source, planned_fen=100, **BY)

    def review() -> object:
        return practice_registers.add_review(programme=here(), held_on=DAY, school_members=1, enterprise_members=2, findings="无", **BY)

    def mentor() -> object:
        base = organisations.by_id(base_id)
        assert base is not None
        return support.add_centre_mentor(programme=here(), base=base, name="李工", role=CentreRole.TECHNICIAN, unit="甲厂", since=DAY, **BY)

    def exchange() -> object:
        student = people.student(student_id)
        assert student is not None
        return registers.add_exchange(student=student, kind=ExchangeKind.STUDY_ABROAD, partner="某大学", country="DE", took_place_on=DAY, **BY)

    def source() -> object:
        return judging.choose_mark_source(item_id=item_id, source=MarkSource.CAPSTONE, **BY)

    def say() -> object:
        return judging.record_judgement(programme=here(), criterion="1.3", result=JudgementResult.MET, remark="", today=DAY, **BY)

    assert twice(participate, models.Participation) == (["", ""], 1)
    assert twice(budget, models.BudgetLine) == (["", ""], 1)
    assert twice(lambda: support.set_need(programme=here(), year=2026, purpose=BudgetPurpose.COURSES, need_fen=5, **BY), models.BudgetNeed) == (
        ["", ""],
        1,
    )
    assert twice(review, models.QualityReview) == (["", ""], 1)
    assert twice(mentor, models.CentreMentor) == (["", ""], 1)
    assert twice(exchange, models.ExchangeRecord) == (["", ""], 1)
    assert twice(source, models.ItemMarkSource) == (["", ""], 1)
    assert twice(say, models.ExpertJudgement) == (["", ""], 1)

    def remove() -> object:
        row = session().scalars(sa.select(models.Participation)).first()
        return registers.remove_entry(row=row, programme_id=key, reason="登记错误", **BY) if row is not None else None

    assert twice(remove, models.Participation) == (["", ""], 0)
    gone = sa.select(sa.func.count()).select_from(AuditEvent).where(AuditEvent.did == "evaluation.entry.removed")
    assert session().scalar(gone) == 1, "gone once"


def test_evidence_and_sections_take_one_change_after_the_other(racing: Flask) -> None:
    with transaction():
        key = factory.bare(students=1, teachers=1).programme.id

    def add(text: str = "1") -> object:
        row, data = programmes.by_id(key), f"%PDF-1.4\n{text}\n%%EOF\n".encode()
        assert row is not None
        return keeping.add_evidence(programme=row, title="协议", codes=["M6.2"], file=io.BytesIO(data), name="协议.pdf", **BY)

    assert (together(racing, add, add), rows(EvidenceItem)) == (["", ""], 1)
    item_id = session().scalars(sa.select(EvidenceItem.id)).one()

    def held() -> EvidenceItem:
        item = queries.item(item_id)
        assert item is not None
        return item

    def renew(text: str) -> object:
        return keeping.renew(item=held(), file=io.BytesIO(f"%PDF-1.4\n{text}\n%%EOF\n".encode()), name="协议.pdf", **BY)

    assert together(racing, lambda: renew("2"), lambda: renew("3")) == ["", ""]
    session().rollback()
    assert [one.edition for one, _file in queries.versions_of(item_id)] == [3, 2, 1]
    session().rollback()
    assert together(racing, lambda: keeping.withdraw(item=held(), reason="作废", **BY), lambda: renew("4")) == ["", "bad_evidence"]

    def write(text: str, version: int = 0) -> object:
        row = programmes.by_id(key)
        assert row is not None
        return keeping.write_section(programme=row, section="2", text=text, pointer="", examples="", version=version, **BY)

    assert together(racing, lambda: write("甲写的"), lambda: write("乙写的")) == ["", "stale"], "both opened an empty section"
    session().rollback()
    assert session().scalars(sa.select(ReportText.text)).all() == ["甲写的"]
    session().rollback()
    assert together(racing, lambda: write("改", 1), lambda: write("改", 1)) == ["", ""], "the same words again change nothing"
