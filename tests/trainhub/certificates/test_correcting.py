"""Corrections: drawn up by one, decided by another; until then, and when it is sent back, the certificate stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import DECIDER, FACTS, REASON, TODAY, WRITER, certificate, corrected
from trainhub.certificates import documents, numbers, operations, queries, tasks, verifying
from trainhub.certificates.models import Certificate, IssueBatch
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import PRESENT_FACTS, Attested, BatchSource, BatchState, Event, Kind, State, Status
from trainhub.kernel import audit, clock
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import transaction
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people

AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _prepare(old: Certificate, **given: Any) -> IssueBatch:
    return operations.prepare_correction(certificate=old, **{"facts": {"hours": 48}, **REASON, "by": WRITER, **given})


def _decide(batch: IssueBatch, **given: Any) -> IssueBatch:
    return batches.decide(batch=batch, **{"is_approved": True, "reason": "", "by": DECIDER, "today": TODAY, "now": ground.NOW, **given})


def test_nobody_corrects_alone(session: Session) -> None:
    old = certificate()
    batch = _prepare(old)
    assert (batch.state, batch.source, batch.count) == (BatchState.PREPARED, BatchSource.CORRECTION, 1)
    assert (old.state, old.is_current, queries.by_asked_key(old.asked_key)) == (State.ISSUED, True, old)
    assert session.scalar(sa.select(sa.func.count()).select_from(Certificate)) == 1, "no number is taken before the decision"
    with pytest.raises(batches.CannotDecide, match="另一人"):
        _decide(batch, by=WRITER)
    assert old.state is State.ISSUED
    with pytest.raises(operations.CannotChange, match="已有一份更正"):
        _prepare(old, facts={"hours": 64}, by=DECIDER)
    _decide(batch)
    new = queries.by_asked_key(old.asked_key)
    assert new is not None
    assert (old.state, new.state, new.facts["hours"], batch.state) == (State.SUPERSEDED, State.ISSUED, "48", BatchState.ISSUED)
    assert [row.event.by_account_id for row in queries.events_of([new])] == [DECIDER.account_id]
    assert new.evidence[-1]["kind"] == "batch", "who drew it up is found from the certificate"
    assert queries.is_whole(old)
    assert queries.is_whole(new)
    assert batches.issue_portion(batch=batch, by=SYSTEM, today=TODAY, now=ground.NOW) == 0
    with pytest.raises(batches.CannotDecide, match="已经审核过"):
        _decide(batch)


def test_what_is_sent_back_changes_nothing_and_may_be_drawn_up_again(session: Session) -> None:
    old = certificate()
    _decide(_prepare(old), is_approved=False, reason="文号不对", by=WRITER)
    assert (old.state, queries.open_correction(old.id)) == (State.ISSUED, None)
    assert corrected(old, facts={"hours": 64}).facts["hours"] == "64"


@pytest.mark.parametrize("verb", [operations.revoke, operations.reissue])
def test_a_certificate_changed_meanwhile_is_not_corrected(session: Session, verb: Callable[..., Any]) -> None:
    with transaction():
        old = certificate()
        batch = _prepare(old)
        verb(certificate=old, **REASON)
    before = session.scalar(sa.select(sa.func.count()).select_from(Certificate))
    with pytest.raises(operations.CannotChange), transaction():
        _decide(batch)
    session.expire_all()
    assert batch.state is BatchState.PREPARED
    assert session.scalar(sa.select(sa.func.count()).select_from(Certificate)) == before


def test_a_correction_makes_no_second_certificate_for_one_thing(session: Session) -> None:
    who, issuer = ground.person(), ground.university()
    first, second = (
        certificate(who=who, issuer=issuer, facts={"course": course}, asked_key=f"completion:{issuer.id}:{course}:person:{who.id}")
        for course in ("导论", "概论")
    )
    with pytest.raises(operations.CannotChange, match=numbers.show_number(first.number)):
        _prepare(second, facts={"course": "导论"})
    operations.revoke(certificate=first, **REASON)
    assert corrected(second, facts={"course": "导论"}).facts["course"] == "导论"


def test_what_a_room_corrects_by_rule_ends_a_correction_that_waits(session: Session) -> None:
    old = certificate()
    batch = _prepare(old)
    new = operations.correct(certificate=old, facts={"hours": 24}, **REASON)
    assert (old.state, new.facts["hours"], new.number != old.number) == (State.SUPERSEDED, "24", True)
    with pytest.raises(operations.CannotChange, match="已有新版"), session.begin_nested():
        _decide(batch)
    with pytest.raises(operations.CannotChange, match="没有改动"):
        operations.correct(certificate=new, facts={"hours": 24}, **REASON)


def test_the_page_shows_what_waits_and_what_would_change(session: Session, as_role: AsRole) -> None:
    old = certificate(today=clock.today())
    batch = _prepare(old, facts={"hours": 48, "name": "林更正"}, on=clock.today(), today=clock.today())
    session.commit()
    elsewhere = ground.university()
    session.commit()
    page = f"/certificates/batches/{batch.id}"
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=old.issuer_id)
    shown = admin.get(page).text
    assert all(text in shown for text in ("林更正", old.holder, "32", "48", REASON["reason"], REASON["document"], "通过并更正"))
    assert "有一份更正等待审核" in admin.get(f"/certificates/{old.number}").text
    assert "更正" in admin.get("/certificates/batches").text
    assert admin.get(f"{page}/preview.pdf").data.startswith(b"%PDF")
    other = as_role(Role.UNIVERSITY_ADMIN, organisation_id=elsewhere.id)
    assert other.post(f"{page}/decide", data={"decision": "approve"}).status_code == 403
    assert as_role(Role.LECTURER, organisation_id=old.issuer_id).post(f"{page}/decide", data={"decision": "approve"}).status_code == 403
    assert admin.post(f"{page}/decide", data={"decision": "approve"}).status_code == 303
    new = queries.by_asked_key(old.asked_key)
    assert new is not None
    assert numbers.show_number(new.number) in admin.get(page).text
    assert (new.holder, new.facts["hours"]) == ("林更正", "48")


def test_a_certificate_of_a_fast_clock_stops_issuing_until_it_is_mended(session: Session, as_role: AsRole) -> None:
    """The audit log forgets as soon as anything is written under the right clock; the dates of issue do not."""
    with transaction():
        issuer, today = ground.university(), clock.today()
    fast = today + timedelta(days=400)
    with time_machine.travel(clock.now() + timedelta(days=400), tick=False), transaction():
        wrong, worse = (certificate(issuer=issuer, today=clock.today()) for _one in range(2))
    with transaction():
        audit.record(by=SYSTEM, did="identity.account.signed_in", on=("account", "1"))
    assert audit.clock_set_back() is None
    made = certificate(issuer=issuer, today=today)
    assert (made.state, made.note) == (State.DRAFT, "clock")
    with pytest.raises(operations.CannotIssue, match="时钟走快"):
        operations.release(certificate=made, by=SYSTEM, today=today, now=ground.NOW)
    with pytest.raises(operations.CannotIssue, match=fast.isoformat()):
        operations.reissue(certificate=wrong, **{**REASON, "on": today, "today": today})
    session.commit()
    assert "时钟走快" in as_role(Role.UNIVERSITY_ADMIN, organisation_id=issuer.id).get("/certificates/waiting").text
    now = {"on": today, "today": today}
    operations.revoke(certificate=worse, **{**REASON, **now})
    right = corrected(wrong, facts={}, **now)
    assert (right.issued_on, right.number[7:11], wrong.state) == (today, str(today.year), State.SUPERSEDED)
    operations.release(certificate=made, by=SYSTEM, today=today, now=ground.NOW)
    assert made.state is State.ISSUED


def test_a_clock_set_back_is_still_seen_after_something_was_written_under_it(session: Session) -> None:
    with transaction():
        who, issuer, _stands = ground.person(), ground.university(), certificate(today=clock.today())
    back = clock.now() - timedelta(days=400)
    with time_machine.travel(back, tick=False):
        with transaction():
            audit.record(by=SYSTEM, did="identity.account.signed_in", on=("account", "1"))
        assert audit.clock_set_back() is None
        with transaction():
            made = certificate(who=who, issuer=issuer, today=clock.today())
        assert (made.state, made.note, made.number[7:11]) == (State.DRAFT, "clock", str(back.year))
    with transaction():
        operations.release(certificate=made, by=SYSTEM, today=clock.today(), now=clock.now())
    assert (made.state, made.number[7:11]) == (State.ISSUED, str(clock.today().year)), "no visitor ever saw the number of the wrong year"
    assert numbers.is_number(made.number)


def test_the_number_has_the_year_of_issue_when_it_is_corrected(session: Session) -> None:
    old = certificate(today=date(2025, 12, 30))
    new = corrected(old, facts={"hours": 48})
    assert (old.number[7:11], new.number[7:11], new.issued_on) == ("2025", "2026", TODAY)


def _listed(person_id: int, issuer: Organisation, course: str, **facts: Any) -> int:
    """Issue from a list that says so; how many of it were certified already."""
    rows = [Wanted(person_id, {**FACTS[Kind.TRAINING], "course": course, **facts})]
    batch = batches.prepare(title="一期", kind=Kind.TRAINING, source=BatchSource.IMPORT, issuer=issuer, rows=rows, by=WRITER, now=ground.NOW)
    known = queries.known_in(batch)
    _decide(batch)
    batches.issue_portion(batch=batch, by=SYSTEM, today=TODAY, now=ground.NOW)
    return known


def _held(person_id: int) -> list[str]:
    return sorted(str(one.facts["course"]) for one in queries.of_person(person_id) if one.state is State.ISSUED)


def test_a_later_list_finds_what_is_certified_after_a_correction(session: Session) -> None:
    """甲课 was corrected to 乙课: a list with 乙课 issues no second one, nor the old list; 甲课 with other facts (earned in truth) is issued, once."""
    issuer, person = ground.university(), ground.person()
    _listed(person.id, issuer, "甲课")
    (first,) = queries.of_person(person.id)
    _decide(_prepare(first, facts={"course": "乙课"}))
    assert (_listed(person.id, issuer, "乙课"), _held(person.id)) == (1, ["乙课"])
    assert (_listed(person.id, issuer, "甲课"), _held(person.id)) == (1, ["乙课"])
    assert (_listed(person.id, issuer, "甲课", hours=64), _held(person.id)) == (0, ["乙课", "甲课"])
    assert (_listed(person.id, issuer, "甲课", hours=64), _held(person.id)) == (1, ["乙课", "甲课"])


def test_a_correction_is_not_carried_out_once_the_same_was_issued(session: Session) -> None:
    issuer, person = ground.university(), ground.person()
    _listed(person.id, issuer, "甲课")
    (first,) = queries.of_person(person.id)
    batch = _prepare(first, facts={"course": "乙课"})
    _listed(person.id, issuer, "乙课")
    with pytest.raises(operations.CannotChange, match="重复"):
        _decide(batch)


def test_a_correction_may_say_what_a_revoked_one_said(session: Session) -> None:
    issuer, person = ground.university(), ground.person()
    _listed(person.id, issuer, "乙课")
    (wrong,) = queries.of_person(person.id)
    operations.revoke(certificate=wrong, **REASON)
    _listed(person.id, issuer, "甲课")
    (first,) = [one for one in queries.of_person(person.id) if one.state is State.ISSUED]
    _decide(_prepare(first, facts={"course": "乙课"}))
    assert _held(person.id) == ["乙课"]


def test_a_correction_by_rule_does_not_keep_what_it_contradicts(session: Session) -> None:
    old = certificate(Kind.PLACEMENT, evidence=[("placement", 7, "企业学习"), ("weeks", 1, "认定 160 天")])
    made = operations.correct(certificate=old, facts={"weeks": 31}, evidence=[("weeks", 1, "认定 155 天")], **REASON)
    assert [one["text"] for one in made.evidence] == ["企业学习", "认定 155 天"]
    assert documents.badge_of(made, tasks.maker()).narrative == "企业学习 1 项；企业学习周数 1 项"


# -- issued anew (重新签发) ----------------------------------------------------------------------------------------------
RENEWAL: dict[str, Any] = {"reason": "撤销有误，学籍无误", "document": "教务2026年第9号", "today": TODAY, "now": ground.NOW}


def _renewal(old: Certificate, **given: Any) -> IssueBatch:
    return operations.prepare_renewal(certificate=old, **{**RENEWAL, "by": WRITER, **given})


def test_what_was_revoked_by_mistake_is_issued_anew_by_two_persons(session: Session) -> None:
    old = certificate()
    with pytest.raises(operations.CannotChange, match="只有已撤销"):
        _renewal(old)
    operations.revoke(certificate=old, **REASON)
    holder = Identity(account_id=93, person_id=old.person_id, name="本人", grants=())
    with pytest.raises(operations.CannotChange, match="自己的证书"):
        _renewal(old, by=holder)
    with pytest.raises(operations.CannotChange, match="依据"):
        _renewal(old, document=" ")
    batch = _renewal(old)
    with pytest.raises(operations.CannotChange, match="已有一份重新签发"):
        _renewal(old, by=DECIDER)
    with pytest.raises(batches.CannotDecide, match="另一人"):
        _decide(batch, by=WRITER)
    assert session.scalar(sa.select(sa.func.count()).select_from(Certificate)) == 1, "nothing is numbered before the decision"
    _decide(batch)
    new = queries.by_asked_key(old.asked_key)
    assert new is not None
    assert (old.state, old.is_current, new.state, new.replaces_id) == (State.REVOKED, False, State.ISSUED, old.id)
    assert (new.number != old.number, new.code != old.code) == (True, True)
    assert [one["id"] for one in new.evidence if one["kind"] == "revoked_certificate"] == [old.number]
    assert {name: new.facts[name] for name in old.facts} == dict(old.facts)
    event = queries.last_event(new)
    assert event is not None
    assert (event.event, event.reason, event.document) == (Event.ISSUE, RENEWAL["reason"], RENEWAL["document"])
    assert queries.is_whole(new)
    assert verifying.check(old.number, old.code).status is Status.REVOKED
    assert verifying.check(new.number, new.code).status is Status.ISSUED
    assert certificate(who=people.person(new.person_id), issuer=organisations.by_id(new.issuer_id), asked_key=new.asked_key).id == new.id
    with pytest.raises(operations.CannotChange, match="只有已撤销"):
        _renewal(old)
    operations.revoke(certificate=new, **REASON)
    assert _renewal(new).state is BatchState.PREPARED, "and once more, if it must be"


def test_what_the_records_do_not_bear_is_not_issued_anew(session: Session) -> None:
    who, at = ground.person(), ground.university()
    given: dict[str, Any] = {"issuer": at, "kind": Kind.TRAINING, "source": BatchSource.IMPORT, "by": WRITER, "now": ground.NOW}
    first = batches.prepare(title="一期", rows=[Wanted(who.id, FACTS[Kind.TRAINING])], **given)
    _decide(first)
    batches.issue_portion(batch=first, by=DECIDER, today=TODAY, now=ground.NOW)
    (item,) = queries.first_items(first.id, 1)
    assert item.certificate_id is not None
    old = queries.by_id(item.certificate_id)
    assert old is not None
    operations.revoke(certificate=old, **REASON)
    batch = _renewal(old)
    who.name = "王二小"
    session.flush()
    with pytest.raises(operations.CannotChange, match="有变化"), session.begin_nested():
        _decide(batch)
    session.refresh(batch)
    _decide(batch, is_approved=False, reason="姓名已改")
    _decide(_renewal(old))
    assert queries.by_asked_key(old.asked_key).holder == "王二小"  # type: ignore[union-attr]
    other = ground.person()
    mine = certificate(Kind.TRAINING, who=other, issuer=at, asked_key="room:1")
    operations.revoke(certificate=mine, **REASON)
    second = batches.prepare(title="二期", rows=[Wanted(other.id, FACTS[Kind.TRAINING])], **given)
    _decide(second)
    batches.issue_portion(batch=second, by=DECIDER, today=TODAY, now=ground.NOW)
    assert queries.revoked_in(second) == 1


def test_a_room_is_asked_anew_and_what_two_persons_corrected_stays(app: Flask, session: Session) -> None:
    rooms = app.extensions.setdefault(PRESENT_FACTS, {})
    says: dict[str, Any] = {"topic": "题目", "grade": "良", **{name: FACTS[Kind.CAPSTONE][name] for name in FACTS[Kind.CAPSTONE] if name != "topic"}}
    due = [True]
    rooms["anew"] = lambda drafts, _today: {one.id: Attested(says, [("capstone", 1, "题目")]) for one in drafts if due[0]}
    try:
        old = corrected(certificate(Kind.CAPSTONE, facts=says, asked_key="anew:1"), facts={"grade": "优"})
        operations.revoke(certificate=old, **REASON)
        due[0] = False
        with pytest.raises(operations.CannotChange, match="不符合签发条件"):
            _renewal(old)
        due[0] = True
        batch = _renewal(old)
        assert (queries.first_items(batch.id, 1)[0].facts["grade"], queries.first_items(batch.id, 1)[0].facts["topic"]) == ("优", "题目")
        says |= {"grade": "中", "topic": "新题目"}
        _decide(batch, is_approved=False, reason="记录已变")
        _decide(_renewal(old))
        new = queries.by_asked_key("anew:1")
        assert new is not None
        assert (new.facts["grade"], new.facts["topic"]) == ("中", "新题目")
    finally:
        del rooms["anew"]


def test_the_page_offers_to_issue_anew(session: Session, as_role: AsRole) -> None:
    with transaction():
        old = certificate()
        operations.revoke(certificate=old, **REASON)
    chief = as_role(Role.UNIVERSITY_ADMIN, organisation_id=old.issuer_id)
    assert f"/certificates/{old.number}/renew" in chief.get(f"/certificates/{old.number}").text
    assert chief.get(f"/certificates/{old.number}/renew").status_code == 200
    answer = chief.post(f"/certificates/{old.number}/renew", data={"reason": "误撤销", "document": ""})
    assert (answer.status_code, "依据" in answer.text) == (422, True)
    page = chief.post(f"/certificates/{old.number}/renew", data={"reason": "误撤销", "document": "9号"}, follow_redirects=True).text
    assert "有一份重新签发等待审核" in page
    batch = session.scalars(sa.select(IssueBatch).where(IssueBatch.source == BatchSource.RENEWAL)).one()
    other = as_role(Role.UNIVERSITY_ADMIN, organisation_id=old.issuer_id)
    shown = other.get(f"/certificates/batches/{batch.id}").text
    assert ("确属误撤销" in shown, "内容与被撤销的证书相同" in shown) == (True, True)
    page = other.post(f"/certificates/batches/{batch.id}/decide", data={"decision": "approve"}, follow_redirects=True).text
    assert "已重新签发" in page
    assert "已重新签发" in other.get(f"/certificates/{old.number}").text


@pytest.mark.parametrize("is_by_rule", [True, False])
def test_a_font_that_is_away_keeps_no_wrong_day_on_a_certificate(session: Session, is_by_rule: bool) -> None:
    """What is wrong is told to whoever verifies it, so it is put right at once; the page is drawn when the font is back."""
    old = certificate(Kind.EXAM)
    old.facts = {**old.facts, "name": "王\U000323b0", "exam": "嵌入式\U000323b0"}  # issued where a font had them
    old.holder = "王\U000323b0"
    session.flush()
    if is_by_rule:
        made = operations.correct(certificate=old, facts={"taken_on": date(2026, 1, 11)}, **REASON)
    else:
        made = corrected(old, facts={"taken_on": date(2026, 1, 11)})
    assert (old.state, made.state, made.facts["taken_on"], made.facts["name"]) == (State.SUPERSEDED, State.ISSUED, "2026-01-11", "王\U000323b0")
    for wrong in ({"exam": "嵌入式\U000323b0二级"}, {"name": "李\U000323b0"}):
        with pytest.raises(operations.CannotChange, match=r"不能打印的字"):
            operations.prepare_correction(certificate=made, facts=wrong, **REASON)
    with pytest.raises(operations.CannotChange, match=r"截断"):
        operations.correct(certificate=made, facts={"exam": "诺" * 400}, **REASON)


def test_a_renamed_issuer_is_among_the_changes_and_is_asked_whether_it_can_be_printed(session: Session, as_role: AsRole) -> None:
    """The new certificate bears the issuer's name of today: one change was typed, two happen."""
    with transaction():
        issuer = ground.university(name="闽江理工学院")
        old, other = certificate(issuer=issuer), certificate(issuer=issuer)
        issuer.name = "闽江理工大学"
        batch = _prepare(old)
    page = as_role(Role.UNIVERSITY_ADMIN, organisation_id=issuer.id).get(f"/certificates/batches/{batch.id}").text
    assert "闽江理工学院" in page.split("改动的内容")[-1]
    _decide(batch)
    (item,) = queries.first_items(batch.id, 1)
    made = queries.by_id(item.certificate_id or 0)
    assert made is not None
    assert made.facts["issuer"] == "闽江理工大学"
    issuer.name = "闽江理工大学" * 33
    with pytest.raises(operations.CannotChange, match="超出版面"):
        _prepare(other)
    assert other.state is State.ISSUED


@pytest.mark.parametrize("renamed", ["闽江理工大学" * 33, "闽江\U000323b0大学"], ids=["too long", "in no font"])
def test_an_issuer_whose_new_name_cannot_be_printed_keeps_no_wrong_fact_on_a_certificate(session: Session, renamed: str) -> None:
    """By rule nobody is there to shorten it: the name stays as it stood, and what the records say counts."""
    issuer = ground.university(name="闽江理工学院")
    old = certificate(issuer=issuer)
    issuer.name, issuer.name_en = renamed, "Minjiang University"
    made = operations.correct(certificate=old, facts={"hours": 40}, **REASON)
    assert (old.state, made.state, made.facts["hours"]) == (State.SUPERSEDED, State.ISSUED, "40")
    assert (made.facts["issuer"], made.facts.get("issuer_en")) == ("闽江理工学院", old.facts.get("issuer_en")), "in one language as in the other"
    issuer.name = "闽江理工大学"
    again = operations.correct(certificate=made, facts={"hours": 32}, **REASON)
    assert (again.facts["issuer"], again.facts["issuer_en"]) == ("闽江理工大学", "Minjiang University")


def test_an_issuer_that_is_renamed_before_the_decision_asks_for_another_look(session: Session) -> None:
    issuer = ground.university(name="闽江理工学院")
    old = certificate(issuer=issuer)
    batch = _prepare(old)
    issuer.name = "闽江理工大学"
    with pytest.raises(operations.CannotChange, match="名称"):
        _decide(batch)
    assert old.state is State.ISSUED
