"""Records become certificates: training classes from the ledger, supervision from finished placements. A second person decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.placements import operations as placements
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.certificates import REASON, corrected
from trainhub.certificates import list_tasks
from trainhub.certificates import operations as operations_of_certificates
from trainhub.certificates import queries as certificates
from trainhub.certificates.models import IssueBatch, IssueItem
from trainhub.certificates.operations import batches
from trainhub.certificates.types import BatchSource, Kind, State
from trainhub.kernel import jobs
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import transaction
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.operations import cancel_record, record_training
from trainhub.ledger.operations.records import replace_record
from trainhub.ledger.types import Category, Source
from trainhub.oversight.issuing import operations, queries

AsRole = Callable[..., FlaskClient]
DAY = date(2026, 2, 27)
FIRST = Identity(account_id=1, person_id=None, name="建立人", grants=())
OTHER = Identity(account_id=2, person_id=None, name="审核人", grants=())


def _trained(base_id: int, course: str, people: int, day: date = DAY) -> list[int]:
    return [
        record_training(
            person_id=ground.person().id,
            organisation_id=base_id,
            course=course,
            category=Category.WORKER,
            county_code="350102",
            hours_x10=485,
            completed_on=day,
            is_counted=True,
            source=Source.ROSTER,
            by=SYSTEM,
            now=ground.NOW,
        )[0].id
        for _one in range(people)
    ]


def test_training_classes_become_certificates_with_their_records(session: Session, as_role: AsRole) -> None:
    with transaction():
        base = ground.base()
        foreign = ground.base()
        records = _trained(base.id, "工业互联网应用", 3)
        _trained(base.id, "数据分析", 1)
        strange = _trained(foreign.id, "工业互联网应用", 2)
        cancel_record(record_id=records[2], reason="登记有误", by=SYSTEM, now=ground.NOW)
    head = as_role(Role.CENTRE_LEADER, organisation_id=base.id)
    where = f"/certificates/batches/from/training?since={DAY - timedelta(days=5)}&until={DAY}"
    assert "工业互联网应用" not in head.get(f"/certificates/batches/from/training?since={DAY + timedelta(days=1)}&until=2026-12-31").text
    page = head.get(where).text
    assert "工业互联网应用" in page
    assert f'value="{strange[0]}"' not in page
    refused = head.post(where, data={"title": "二月班", "issuer_id": base.id, "classes": [strange[0]]})
    assert refused.status_code == 422
    answer = head.post(where, data={"title": "二月班", "issuer_id": base.id, "classes": [records[0]]})
    assert answer.status_code == 303
    batch = certificates.batch_by_id(int(answer.location.rsplit("/", 1)[1]))
    assert batch is not None
    assert batch.count == 2, "the cancelled record is nobody's training"
    with transaction():
        batch = certificates.batch_by_id(batch.id)
        assert batch is not None
        batches.decide(batch=batch, is_approved=True, reason="", by=OTHER, today=ground.NOW.date(), now=ground.NOW)
        batches.issue_portion(batch=batch, by=SYSTEM, today=DAY + timedelta(days=3), now=ground.NOW)
    item = certificates.first_items(batch.id, 1)[0]
    made = certificates.by_id(item.certificate_id or 0)
    assert made is not None
    assert made.state is State.ISSUED
    assert (made.facts["course"], made.facts["base"], made.facts["hours"], made.facts["ends_on"]) == (
        "工业互联网应用",
        base.name,
        "48.5",
        "2026-02-27",
    )
    assert [(one["kind"], one["id"]) for one in made.evidence] == [("training_record", str(records[0])), ("batch", str(batch.id))]
    holder = as_role(Role.TRAINEE, person_id=made.person_id).get(f"/certificates/{made.number}").text
    assert f'"/trainees/records/{records[0]}"' in holder, "the holder opens the record"
    assert f"培训记录第 {records[0]} 号，2026-03-02 登记" in holder
    assert batch.digest in holder
    assert as_role(Role.TRAINEE, person_id=made.person_id).get(f"/trainees/records/{records[0]}").status_code == 200


def test_supervision_is_counted_from_confirmed_days(session: Session, as_role: AsRole, count_queries: list[str]) -> None:
    with transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme = ground.programme(university)
        cohort = ground.cohort(programme)
        term, mentor = make.term(university=university), make.mentor(enterprise=enterprise)
        post = make.position(enterprise=enterprise, terms=[term])
        rows = [make.started(student=ground.student(programme, year=cohort.year), position=post, term=term, mentor=mentor) for _one in range(2)]
        for placement, days in zip(rows, (10, 7), strict=True):
            make.confirmed(placement, make.weekdays(term.starts_on, days))
            placements.grade_placement(placement=placement, score_x10=900, comment="好", today=term.ends_on, by=SYSTEM, now=make.at(term.ends_on))
            after = term.ends_on + timedelta(days=1)
            placements.finish_placement(placement=placement, today=after, by=SYSTEM, now=make.at(after))
    span = {"since": term.starts_on, "until": term.ends_on, "today": term.ends_on}
    university_id = university.id
    count_queries.clear()
    (one,) = operations.supervisions(university_id=university_id, **span)
    assert len(count_queries) == 4, "the placements, what is certified or waits, and their days, however many there are"
    assert (one.person_id, one.students, one.days, f"{one.weeks:f}") == (mentor.person_id, 2, 17, "3.4")
    assert operations.supervisions(university_id=ground.university().id, **span) == []
    assert queries.guided_at(university.id, term.ends_on + timedelta(days=1), term.ends_on + timedelta(days=9)) == []
    session.commit()
    where = f"/certificates/batches/from/mentors?issuer_id={university.id}&since={term.starts_on}&until={term.ends_on}"
    assert "2 人" in as_role(Role.UNIVERSITY_ADMIN, organisation_id=university.id).get(where).text
    with transaction():
        batch = operations.prepare_supervision(
            persons=[(one.person_id, one.enterprise)],
            issuer=university,
            title="带教证明",
            since=term.starts_on,
            until=term.ends_on,
            by=FIRST,
            today=term.ends_on,
            now=ground.NOW,
        )
        (item,) = certificates.first_items(batch.id, 5)
    assert (item.facts["students"], item.facts["weeks"], item.facts["enterprise"]) == ("2", "3.4", enterprise.name)
    assert [row["kind"] for row in item.evidence] == ["placement", "placement"]
    assert operations.supervisions(university_id=university.id, **span) == [], "a batch that waits holds them too"
    with transaction():
        batches.decide(batch=batch, is_approved=True, reason="", by=OTHER, today=ground.NOW.date(), now=ground.NOW)
        batches.issue_portion(batch=batch, by=SYSTEM, today=term.ends_on, now=ground.NOW)
    made = certificates.by_id(certificates.first_items(batch.id, 1)[0].certificate_id or 0)
    assert made is not None
    seen = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university.id).get(f"/certificates/{made.number}").text
    hidden = as_role(Role.DEPT_HR).get(f"/certificates/{made.number}").text
    assert all(f'"/placements/{row.id}"' in seen for row in rows)
    assert f'"/certificates/batches/{batch.id}"' in seen
    assert not any(f'"/placements/{row.id}"' in hidden for row in rows), "who sees no placements is led to none"
    wider = {**span, "since": term.starts_on - timedelta(days=90), "until": term.ends_on + timedelta(days=90)}
    assert operations.supervisions(university_id=university.id, **wider) == [], "another span certifies no placement twice"
    gone = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university.id).get(where).text
    assert ("2 人" in gone, "都已有证明" in gone) == (False, True)
    with transaction():
        operations_of_certificates.revoke(certificate=made, **{**REASON, "on": term.ends_on, "today": term.ends_on})
    assert [one.students for one in operations.supervisions(university_id=university.id, **wider)] == [2]
    assert as_role(Role.STUDENT).get("/certificates/batches/from/mentors").status_code == 403


@pytest.mark.parametrize(("count", "is_job"), [(2, False), (3, True)])
def test_many_records_are_checked_by_a_job(session: Session, as_role: AsRole, monkeypatch: pytest.MonkeyPatch, count: int, is_job: bool) -> None:
    monkeypatch.setattr(list_tasks, "SELECTED_AT_ONCE", 2)
    with transaction():
        base = ground.base()
        records = _trained(base.id, "工业互联网应用", count)
    head = as_role(Role.CENTRE_LEADER, organisation_id=base.id)
    where = f"/certificates/batches/from/training?since={DAY - timedelta(days=5)}&until={DAY}"
    sent = {"title": "二月班", "issuer_id": base.id, "classes": [records[0]], "submission_key": "k"}
    answer = head.post(where, data=sent)
    assert answer.status_code == 303
    assert session.scalar(sa.select(sa.func.count()).select_from(IssueBatch)) == (0 if is_job else 1)
    if is_job:
        assert head.post(where, data=sent).status_code == 303, "the same form again"
        assert "检查签发人员 二月班" in head.get(answer.location).text
        jobs.run_all()
        answer = head.get(answer.location)
    batch = session.scalars(sa.select(IssueBatch)).one()
    assert answer.location == f"/certificates/batches/{batch.id}"
    assert (batch.count, batch.title, batch.kind) == (count, "二月班", Kind.TRAINING)
    items = session.scalars(sa.select(IssueItem).order_by(IssueItem.position)).all()
    assert [one.evidence[0]["id"] for one in items] == [str(key) for key in records]
    assert {(one.facts["hours"], one.facts["ends_on"]) for one in items} == {("48.5", "2026-02-27")}


def test_a_job_of_records_that_are_gone_says_so(session: Session, as_role: AsRole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_tasks, "SELECTED_AT_ONCE", 0)
    with transaction():
        base = ground.base()
        (record,) = _trained(base.id, "工业互联网应用", 1)
    head = as_role(Role.CENTRE_LEADER, organisation_id=base.id)
    where = f"/certificates/batches/from/training?since={DAY - timedelta(days=5)}&until={DAY}"
    answer = head.post(where, data={"title": "二月班", "issuer_id": base.id, "classes": [record]})
    with transaction():
        cancel_record(record_id=record, reason="登记有误", by=SYSTEM, now=ground.NOW)
    jobs.run_all()
    page = head.get(answer.location).text
    assert "所选的班级不存在" in page
    assert f'href="/certificates/batches/from/training?since={DAY - timedelta(days=5)}&amp;until={DAY}"' in page
    assert session.scalar(sa.select(sa.func.count()).select_from(IssueBatch)) == 0


def test_certificates_whose_records_do_not_stand_are_pointed_out(session: Session, as_role: AsRole) -> None:
    """A record is corrected or cancelled by who keeps the roster; who answers for the certificate has to hear of it."""
    with transaction():
        base, other = ground.base(), ground.base()
        records = _trained(base.id, "工业互联网应用", 4)
        given = {"organisation_ids": [base.id], "since": DAY, "until": DAY, "by": FIRST, "now": ground.NOW}
        batch = operations.prepare_training(keys=[records[0]], issuer=base, title="二月班", **given)  # type: ignore[arg-type]
        batches.decide(batch=batch, is_approved=True, reason="", by=OTHER, today=ground.NOW.date(), now=ground.NOW)
        batches.issue_portion(batch=batch, by=OTHER, today=ground.NOW.date(), now=ground.NOW)
    assert queries.outdated(SYSTEM) == []
    rows = [session.get_one(TrainingRecord, key) for key in records]
    made = [certificates.of_person(row.person_id)[0] for row in rows]
    with transaction():
        cancel_record(record_id=records[0], reason="没有参加", by=SYSTEM, now=ground.NOW)
        replace_record(record=rows[1], reason="学时有误", did="corrected", by=SYSTEM, now=ground.NOW, hours_x10=320)
        replace_record(record=rows[2], reason="误作废", did="restored", by=SYSTEM, now=ground.NOW)
    found = queries.outdated(SYSTEM)
    assert [(one.number, one.record_id, one.fields) for one in found] == [(made[0].number, records[0], ()), (made[1].number, records[1], ("hours",))]
    assert (found[0].replaced_by, found[1].replaced_by is not None) == (None, True)
    head, far = (as_role(Role.CENTRE_LEADER, organisation_id=one.id) for one in (base, other))
    assert ("有 2 张培训证书与记录不符" in head.get("/certificates/").text, "更正与记录不符的培训证书" in head.get("/").text) == (True, True)
    page = head.get("/certificates/batches/from/outdated").text
    assert ("学时" in page, "没有记录代替它" in page, made[1].number in page.replace(" ", "")) == (True, True, True)
    assert "与记录不符" not in far.get("/certificates/").text
    # The list drawn up anew finds the old certificate, and says in what it is wrong now.
    with transaction():
        again = operations.prepare_training(keys=[records[3]], issuer=base, title="二月班再签", **given)  # type: ignore[arg-type]
    assert (certificates.known_in(again), [(one.number, one.fields) for one in certificates.unlike_in(again)]) == (3, [(made[1].number, ("hours",))])
    assert "1 张此前已签发的证书与本批内容不同" in head.get(f"/certificates/batches/{again.id}").text
    with transaction():
        corrected(made[1], facts={"hours": "32"})
        operations_of_certificates.revoke(certificate=made[0], **REASON)
    assert queries.outdated(SYSTEM) == []


def test_what_a_page_of_classes_leaves_out_is_told(session: Session, as_role: AsRole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_CLASSES", 2)
    with transaction():
        base = ground.base()
        for course in ("甲", "乙"):
            _trained(base.id, course, 1)
    leader = as_role(Role.CENTRE_LEADER, organisation_id=base.id)
    page = "/certificates/batches/from/training?since=2026-01-01&until=2026-12-31"
    assert "只列出最近结业的" not in leader.get(page).text
    with transaction():
        _trained(base.id, "丙", 1, DAY - timedelta(days=9))
    assert "只列出最近结业的 2 个培训班" in leader.get(page).text


def test_a_list_that_contradicts_the_records_is_told_before_it_is_decided(session: Session, as_role: AsRole) -> None:
    with transaction():
        base, other = ground.base(), ground.base()
        keys = _trained(base.id, "工业互联网", 5)
        persons = [session.get_one(TrainingRecord, key).person_id for key in keys]
        facts = {"course": "工业互联网", "base": base.name, "hours": "48.5", "ends_on": DAY}
        unlike = [{**facts, "hours": "64"}, {**facts, "base": other.name}]
        alike = [facts, {**facts, "ends_on": DAY - timedelta(days=1), "hours": "1"}, {key: value for key, value in facts.items() if key != "hours"}]
        rows = [batches.Wanted(key, said) for key, said in zip(persons, [*unlike, *alike], strict=True)]
        batch = batches.prepare(title="名单", kind=Kind.TRAINING, source=BatchSource.IMPORT, issuer=base, rows=rows, by=FIRST, now=ground.NOW)
        assert [fields for _name, fields in queries.contradicted_in(batch)] == [("hours",), ("base",)]
        key = batch.id
    leader = as_role(Role.CENTRE_LEADER, organisation_id=base.id)
    assert "2 人的内容与平台的记录对不上" in leader.get(f"/certificates/batches/{key}").text
