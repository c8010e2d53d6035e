"""Saves become versions; a running course changes only when its author publishes; nothing removed is lost; copies move dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import lxml.html
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.assessment.models import QuizItem
from courses.assessment.operations import attempts, bank, duplicating
from courses.catalogue import authoring_queries as found
from courses.catalogue import diffing, queries, version_notes
from courses.catalogue.markup import TooTangled
from courses.catalogue.models import ContentVersion, LabKey, RunStaff
from courses.catalogue.operations import content, groups, labs, offerings, team, versions
from courses.catalogue.types import Access, BlockKind, Condition, ConditionKind, PartKind, StaffRole
from courses.learning import operations as learning
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.errors import Refused, Stale
from trainhub.kernel.i18n import in_language

AsRole = Callable[..., FlaskClient]
NOW = make.NOW


def filled(page: str) -> dict[str, Any]:
    """What a browser sends when somebody presses the button of the page's longest form and changes nothing."""
    document: Any = lxml.html.fromstring(page)
    form = max(document.forms, key=lambda one: len(one.fields.keys()))
    values: dict[str, Any] = {}
    for name, value in form.form_values():
        values[name] = value
    return values


def save(part: Any, **fields: Any) -> ContentVersion | None:
    return versions.save(part=part, version=None, by=SYSTEM, now=NOW, **fields)


def test_before_publication_a_save_shows_at_once_and_leaves_a_version(session: Session) -> None:
    run = make.run()
    block = make.text(make.unit(run), body="一")
    save(block, body="二", note="改错字")
    assert (block.body, block.draft_no) == ("二", None)
    assert [(v.number, v.data["body"], v.note) for v in found.versions_of(block)] == [(2, "二", "改错字"), (1, "一", "")]
    assert save(block, body="二") is None


def done(part: Any) -> dict[str, Any] | None:
    """Opens when another part is done."""
    return Access((Condition(ConditionKind.DONE, f"{found.KIND_OF[type(part)].value}:{part.key}"),)).plain()


def test_conditions_that_wait_to_be_published_wait_for_each_other_too(session: Session) -> None:
    run = make.run()
    one, two = (make.unit(run, title=name) for name in "甲乙")
    for unit in (one, two):
        make.text(unit)
    make.publish(run)
    save(one, access=done(two))  # a draft, because learners read
    with pytest.raises(Refused, match=r"互相等待.*甲"):
        save(two, access=done(one))
    # The draft of one is taken back and the other's published; only then would the old draft close a circle.
    versions.discard_draft(part=one, by=SYSTEM, now=NOW)
    save(two, access=done(one))
    assert versions.publish_drafts(parts=[two], note="", by=SYSTEM, now=NOW) == 1
    with pytest.raises(Refused, match="互相等待"):
        versions.restore(part=one, number=2, version=None, by=SYSTEM, now=NOW)


def test_of_two_drafts_that_exchange_conditions_none_is_published_alone(session: Session) -> None:
    run = make.run()
    one, two = (make.unit(run, title=name) for name in "甲乙")
    for unit in (one, two):
        make.text(unit)
    save(one, access=done(two))
    make.publish(run)
    save(one, access=None)
    save(two, access=done(one))
    with pytest.raises(Refused, match="互相等待"), session.begin_nested():
        versions.publish_drafts(parts=[two], note="", by=SYSTEM, now=NOW)
    assert versions.publish_drafts(parts=[one, two], note="", by=SYSTEM, now=NOW) == 2


def test_nothing_is_moved_into_or_brought_back_under_what_waits_for_it(session: Session) -> None:
    run = make.run()
    first, second = make.section(run, "第一章"), make.section(run, "第二章")
    unit = make.unit(run, at=first, title="准备")
    make.text(unit)
    save(second, access=done(unit))
    order = [(PartKind.SECTION, first.id), (PartKind.SECTION, second.id), (PartKind.UNIT, unit.id)]
    with pytest.raises(Refused, match=r"互相等待.*准备"), session.begin_nested():
        content.arrange(run=run, order=order, by=SYSTEM, now=NOW)
    session.refresh(unit)
    with pytest.raises(Refused, match="互相等待"), session.begin_nested():
        content.move_into(part=unit, holder=second, by=SYSTEM, now=NOW)
    session.refresh(unit)
    assert unit.section_id == first.id
    content.remove(part=unit, by=SYSTEM, now=NOW)
    other = make.unit(run, at=second, title="其他")
    make.text(other)
    save(first, access=done(second))
    with pytest.raises(Refused, match="互相等待"), session.begin_nested():
        content.bring_back(part=unit, by=SYSTEM, now=NOW)


def test_in_a_running_course_learners_see_the_old_text_until_it_is_published(session: Session) -> None:
    run = make.run(is_published=True)
    block = queries.blocks_of_run(run.id)[0]
    old = block.body_html
    save(block, body="新的**内容**")
    assert (block.body_html, block.draft_no) == (old, 2)
    assert versions.latest(block)["body"] == "新的**内容**"
    save(block, body="更新的内容")
    assert versions.publish_drafts(parts=[block], note="勘误", by=SYSTEM, now=NOW) == 1
    assert "更新的内容" in block.body_html
    assert block.draft_no is None
    rows = found.versions_of(block)
    assert [(v.number, v.published_at is not None, v.published_note) for v in rows] == [(3, True, "勘误"), (2, False, ""), (1, True, "")]
    assert versions.publish_drafts(parts=[block], note="", by=SYSTEM, now=NOW) == 0


def test_an_old_version_comes_back_as_a_new_draft_and_a_draft_can_be_dropped(session: Session) -> None:
    run = make.run(is_published=True)
    block = queries.blocks_of_run(run.id)[0]
    first = block.body
    save(block, body="二")
    versions.publish_drafts(parts=[block], note="", by=SYSTEM, now=NOW)
    versions.restore(part=block, number=1, version=block.version, by=SYSTEM, now=NOW)
    assert (block.body, versions.latest(block)["body"]) == ("二", first)
    versions.discard_draft(part=block, by=SYSTEM, now=NOW)
    assert versions.latest(block)["body"] == "二"
    assert len(found.versions_of(block)) == 3
    with pytest.raises(Refused, match="没有第 9 版"):
        versions.restore(part=block, number=9, version=None, by=SYSTEM, now=NOW)


def test_the_history_tells_each_reader_in_their_language_what_was_gone_back_to(as_role: AsRole, session: Session) -> None:
    """The clicker's language is not stored, and what was stored in it before is still read; a note of a person stays as it is."""
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    block = queries.blocks_of_run(run.id)[0]
    save(block, body="二", note="勘误")
    with in_language("en"):
        versions.restore(part=block, number=1, version=None, by=SYSTEM, now=NOW)
    session.add(
        ContentVersion(run_id=run.id, part=PartKind.BLOCK, part_id=block.id, number=4, data=versions.as_data(block), note="恢复第 2 版", saved_at=NOW)
    )
    session.commit()
    browser = as_role(Role.LECTURER, person_id=lead.id)
    page = browser.get(f"/teaching/block/{block.id}/versions")
    assert [words in page.text for words in ("恢复第 1 版", "恢复第 2 版", "勘误", "@restored")] == [True, True, True, False]
    with in_language("en"):
        english = browser.get(f"/teaching/block/{block.id}/versions").text
    assert [words in english for words in ("恢复第", "勘误", "@restored")] == [False, True, False]
    kept = ["@rules", "@conditions", "@restored:12", "@rules-restored:3", "恢复第 3 版的作答规则", "恢复第 3 版，因为写错了", ""]
    told = ["作答规则", "开放条件", "恢复第 12 版", "恢复第 3 版的作答规则", "恢复第 3 版的作答规则", "恢复第 3 版，因为写错了", ""]
    assert [version_notes.said(note) for note in kept] == told


@pytest.mark.parametrize("written", ["2026-03-10T01:30:00+00:00", "2026-03-10T09:30:00+08:00", "2026-03-10T01:30:00Z", "2026-03-10T01:30:20+00:00"])
def test_a_live_session_saved_as_it_was_shown_makes_no_draft(as_role: AsRole, session: Session, written: str) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    unit = make.unit(run, release_at=datetime(2026, 3, 2, 1, tzinfo=UTC), due_at=datetime(2026, 4, 2, 1, tzinfo=UTC))
    settings = {"url": "https://live.example.cn", "starts_at": written, "ends_at": "2026-03-10T04:00:00+00:00", "recording": ""}
    block = content.add_block(unit=unit, kind=BlockKind.LIVE, title="直播", settings=settings, by=SYSTEM, now=NOW)
    quiz = make.quiz(unit, make.single(run), of=run, opens_at=written, closes_at="2026-03-11T01:00:00+00:00")
    make.publish(run)
    session.commit()
    browser = as_role(Role.LECTURER, person_id=lead.id)
    for where, part in ((f"/teaching/blocks/{block.id}", block), (f"/teaching/units/{unit.id}", unit)):
        sent = filled(browser.get(where).text)
        assert browser.post(where, data=sent).status_code == 303
        session.refresh(part)
        assert (part.draft_no, [row.number for row in found.versions_of(part)][1:]) == (None, []), where
    assert browser.post(f"/teaching/blocks/{quiz.id}/quiz", data=filled(browser.get(f"/teaching/blocks/{quiz.id}/quiz").text)).status_code == 303
    session.refresh(quiz)
    assert quiz.settings["opens_at"] == written
    sent = filled(browser.get(f"/teaching/blocks/{block.id}").text)
    assert browser.post(f"/teaching/blocks/{block.id}", data={**sent, "starts_at": "2026-03-10T09:31"}).status_code == 303
    session.refresh(block)
    assert block.draft_no == 2


def test_what_changed_tells_instants_by_the_clock_of_the_readers(session: Session) -> None:
    """Not as they are stored; and an instant that is written with another offset did not change."""
    before = {"due_at": "2026-11-08T15:00:00+00:00", "settings": {"opens_at": "2026-11-08T01:00:00Z", "url": "https://a.cn"}}
    same = {"due_at": "2026-11-08T23:00:00+08:00", "settings": {"opens_at": "2026-11-08T09:00:00+08:00", "url": "https://a.cn"}}
    assert diffing.changes(before, same) == []
    (change,) = diffing.changes(before, {**before, "due_at": "2026-11-09T15:30:00+00:00"})
    assert change.lines == (("-", "2026-11-08 23:00"), ("+", "2026-11-09 23:30"))


def test_two_who_save_the_same_draft_are_told(session: Session) -> None:
    run = make.run(is_published=True)
    block = queries.blocks_of_run(run.id)[0]
    opened_at = block.version
    versions.save(part=block, version=opened_at, by=SYSTEM, now=NOW, body="甲")
    with pytest.raises(Stale):
        versions.save(part=block, version=opened_at, by=SYSTEM, now=NOW, body="乙")


def test_pictures_without_words_are_refused(session: Session) -> None:
    block = make.text(make.unit(make.run()))
    for body in ("![](/static/a.png)", 'x <img src="/static/a.png"> y'):
        with pytest.raises(Refused, match="替代文字"):
            save(block, body=body)
    save(block, body="![电机剖面图](/static/a.png) 和 `![](x)`")


def test_conditions_that_wait_for_each_other_are_refused_with_their_titles(session: Session) -> None:
    run = make.run()
    part = make.section(run)
    one, two = make.unit(run, part, title="甲"), make.unit(run, part, title="乙")
    make.text(one)
    make.text(two)
    after = Access((Condition(ConditionKind.DONE, f"unit:{one.key}"),)).plain()
    save(two, access=after)
    with pytest.raises(Refused, match=r"互相等待.*甲"):
        save(one, access=Access((Condition(ConditionKind.DONE, f"unit:{two.key}"),)).plain())


def test_a_whole_outline_is_arranged_across_sections(session: Session) -> None:
    run = make.run()
    first, second = make.section(run, "一"), make.section(run, "二")
    a, b, c = make.unit(run, first, title="a"), make.unit(run, first, title="b"), make.unit(run, second, title="c")
    x, y = make.text(a, title="x"), make.text(c, title="y")
    order = [(PartKind.SECTION, second.id), (PartKind.UNIT, b.id), (PartKind.BLOCK, x.id), (PartKind.UNIT, c.id), (PartKind.SECTION, first.id)]
    assert content.arrange(run=run, order=[*order, (PartKind.UNIT, 10**9)], by=SYSTEM, now=NOW) > 0
    outline = queries.outline(run.id)
    assert [(s.title, [(u.title, [k.title for k in u.blocks]) for u in s.units]) for s in outline.sections] == [
        ("二", [("b", ["x"]), ("c", ["y"])]),
        ("一", [("a", [])]),
    ]
    content.move_into(part=y, holder=a, by=SYSTEM, now=NOW)
    assert y.unit_id == a.id
    with pytest.raises(Refused, match="不在同一期"):
        content.move_into(part=y, holder=make.unit(make.run()), by=SYSTEM, now=NOW)


def test_a_text_that_cannot_be_shown_is_no_draft_either(session: Session) -> None:
    block = make.text(make.unit(make.run()))
    with pytest.raises(TooTangled):
        versions.save(part=block, version=None, by=SYSTEM, now=NOW, body="<div>" * 3_000)


def test_a_removed_section_comes_back_with_what_went_with_it(session: Session) -> None:
    run = make.run()
    part = make.section(run)
    unit = make.unit(run, part)
    early, late = make.text(unit, title="早"), make.text(unit, title="晚")
    content.remove(part=early, by=SYSTEM, now=NOW)
    content.remove(part=part, by=SYSTEM, now=NOW + timedelta(minutes=1))
    assert [row.id for row in found.removed_of(run.id)] == [part.id, early.id]
    with pytest.raises(Refused, match="请先恢复"):
        content.bring_back(part=early, by=SYSTEM, now=NOW)
    content.bring_back(part=part, by=SYSTEM, now=NOW)
    assert [b.id for b in queries.outline(run.id).blocks] == [late.id]
    content.bring_back(part=early, by=SYSTEM, now=NOW)
    assert [b.title for b in queries.outline(run.id).blocks] == ["早", "晚"]


def test_a_removed_quiz_keeps_its_grades_and_gives_them_back(session: Session) -> None:
    run = make.run(is_published=True)
    quiz = make.quiz(make.unit(run), of=run)
    row = make.enrolment(run)
    learning.note_report(enrolment=row, block=quiz, data={"score_x10": 900}, by=SYSTEM, now=NOW)
    before = learning.standing_of(row, run, NOW).score_x10
    content.remove(part=quiz, by=SYSTEM, now=NOW)
    assert learning.standing_of(row, run, NOW).score_x10 is None
    content.bring_back(part=quiz, by=SYSTEM, now=NOW)
    assert learning.standing_of(row, run, NOW).score_x10 == before == 900


def test_an_attempt_handed_in_after_its_quiz_was_removed_is_graded_and_kept(session: Session) -> None:
    run = make.run(is_published=True)
    quiz = make.quiz(make.unit(run), of=run)
    row = make.enrolment(run)
    attempt = attempts.start(block=quiz, person_id=row.person_id, by=SYSTEM, now=NOW)
    content.remove(part=quiz, by=SYSTEM, now=NOW)
    done, _is_first = attempts.submit(attempt_id=attempt.id, responses={1: {"choice": "b"}}, by=SYSTEM, now=NOW)
    learning.note_attempt(enrolment=row, attempt=done, by=SYSTEM, now=NOW)
    assert done.score_x10 == 1000
    assert learning.standing_of(row, run, NOW).score_x10 is None
    content.bring_back(part=quiz, by=SYSTEM, now=NOW)
    assert learning.standing_of(row, run, NOW).score_x10 == 1000


def test_a_copied_quiz_asks_the_same_questions(session: Session) -> None:
    run = make.run()
    unit = make.unit(run)
    make.quiz(unit, of=run)
    made, _blocks = duplicating.duplicate(part=unit, by=SYSTEM, now=NOW)
    quizzes = [b.id for b in queries.outline(run.id).blocks]
    assert len(quizzes) == 2
    questions = session.scalars(select(QuizItem.question_id).where(QuizItem.block_id.in_(quizzes))).all()
    assert len(set(questions)) == 1
    assert [u.title for u in queries.outline(run.id).units] == ["第一单元", "第一单元（副本）"]
    assert made.key != unit.key


def plain(run_id: int) -> Any:
    """The content of a run without what belongs to its rows."""
    outline = queries.outline(run_id)
    bodies = {b.id: (b.body, b.body_format, b.file_id) for b in queries.blocks_of_run(run_id)}
    return [
        (s.key, s.title, s.is_published, s.release_at, s.access, [(u.key, u.title, u.lesson_title, u.release_at, u.due_at, u.access, [
            (b.key, b.kind, b.title, b.settings, b.is_graded, b.is_required, b.is_published, b.weight_x10, b.access, bodies[b.id]) for b in u.blocks
        ]) for u in s.units])
        for s in outline.sections
    ]  # fmt: skip


def test_a_copied_run_is_the_same_but_for_its_learners_and_moved_dates(session: Session) -> None:
    lead, helper = ground.person(), ground.person()
    at = datetime(2026, 3, 10, 1, tzinfo=UTC)
    run = make.run(lead=lead, is_published=True, ends_on=date(2026, 6, 30), enrol_from=date(2026, 2, 1), enrol_until=date(2026, 3, 15), quota=30)
    run.withdraw_until = date(2026, 4, 1)
    offerings.set_staff(run=make.loaded(run), person_id=helper.id, role=StaffRole.ASSISTANT, by=SYSTEM, now=NOW)
    unit = make.unit(run, release_at=at, due_at=at + timedelta(days=9))
    group = groups.add_group(run=run, name="一组", by=SYSTEM, now=NOW)
    until = Condition(ConditionKind.DATE, until=at)
    block = make.text(unit, access=Access((until, Condition(ConditionKind.GROUP, group.key))).plain())
    make.quiz(unit, of=run, attempts=3, opens_at=at.isoformat(), closes_at=(at + timedelta(hours=3)).isoformat())
    lab = content.add_block(unit=unit, kind=BlockKind.VSIM, settings={"url": "https://lab.example.cn"}, by=SYSTEM, now=NOW)
    labs.new_secret(block=lab, by=SYSTEM, now=NOW)
    live = {
        "url": "https://live.example.cn",
        "starts_at": at.isoformat(),
        "ends_at": (at + timedelta(hours=2)).isoformat(),
        "recording": "https://r.cn",
    }
    content.add_block(unit=unit, kind=BlockKind.LIVE, settings=live, by=SYSTEM, now=NOW)
    who = make.enrolment(run)
    groups.change_members(group=group, joining=[who.person_id], leaving=(), learners=[who.person_id], by=SYSTEM, now=NOW)
    session.flush()
    new = bank.duplicate_run(run=make.loaded(run), code="next", starts_on=date(2026, 9, 1), by=SYSTEM, now=NOW)
    days = timedelta(days=(date(2026, 9, 1) - date(2026, 3, 1)).days)
    dates = (date(2026, 6, 30), date(2026, 2, 1), date(2026, 3, 15), date(2026, 4, 1))
    assert (new.ends_on, new.enrol_from, new.enrol_until, new.withdraw_until) == tuple(day + days for day in dates)
    assert (new.quota, new.taken, new.state.value, new.copied_from_id) == (30, 0, "draft", run.id)

    def moved(value: Any) -> Any:
        """What the copy must hold: every instant later by the same days, the recording gone."""
        if isinstance(value, datetime):
            return value + days
        if isinstance(value, str) and value.startswith("2026-03-10T"):
            return (datetime.fromisoformat(value) + days).isoformat()
        if isinstance(value, dict):
            return {k: moved(v) for k, v in value.items() if k != "recording"}
        return type(value)(moved(item) for item in value) if isinstance(value, list | tuple) else value

    assert plain(new.id) == moved(plain(run.id))
    staff = session.execute(select(RunStaff.person_id, RunStaff.role).where(RunStaff.run_id == new.id)).all()
    assert sorted(staff) == sorted([(lead.id, StaffRole.LEAD), (helper.id, StaffRole.ASSISTANT)])
    assert [(g.key, found.group_sizes(new.id)) for g in found.groups_of(new.id)] == [(group.key, {})]
    keys = session.scalars(select(LabKey)).all()
    assert len({labs.secret_of(key.block_id) for key in keys}) == 1
    assert len(keys) == 2
    assert block.access is not None


def _members(run_id: int) -> dict[str, set[int]]:
    return {group.name: set(found.members_of([group.id])[group.id]) for group in found.groups_of(run_id)}


def test_groups_by_lot_differ_by_one_at_most_and_repeat_for_the_same_seed(session: Session) -> None:
    run = make.run(is_published=True)
    people = [make.enrolment(run).person_id for _ in range(11)]
    made = groups.split(run=run, set_name="", number=4, learners=people, seed="1", by=SYSTEM, now=NOW)
    first = _members(run.id)
    assert sorted(len(members) for members in first.values()) == [2, 3, 3, 3]
    assert set().union(*first.values()) == set(people)
    groups.split(run=run, set_name="", number=4, learners=people[::-1], seed="1", by=SYSTEM, now=NOW)
    assert _members(run.id) == first
    assert len(made) == 4
    with pytest.raises(Refused, match="组数"):
        groups.split(run=run, set_name="", number=12, learners=people, seed="1", by=SYSTEM, now=NOW)
    one, two = found.groups_of(run.id)[:2]
    mover = next(iter(first[one.name]))
    groups.change_members(group=two, joining=[mover], leaving=(), learners=people, by=SYSTEM, now=NOW)
    assert {name for name, members in _members(run.id).items() if mover in members} == {two.name}
    with pytest.raises(Refused, match="学员"):
        groups.change_members(group=two, joining=[ground.person().id], leaving=(), learners=people, by=SYSTEM, now=NOW)


def test_nobody_joins_a_team_without_saying_yes(session: Session) -> None:
    lead, guest = ground.person(), ground.person()
    run = make.run(lead=lead)
    invitation = team.invite(run=run, person_id=guest.id, role=StaffRole.ASSISTANT, by=SYSTEM, now=NOW)
    assert queries.staff_member(run.id, guest.id) is None
    team.answer(invitation=invitation, is_accepted=False, by=SYSTEM, now=NOW)
    assert queries.staff_member(run.id, guest.id) is None
    again = team.invite(run=run, person_id=guest.id, role=StaffRole.ASSISTANT, by=SYSTEM, now=NOW)
    team.answer(invitation=again, is_accepted=True, by=SYSTEM, now=NOW)
    team.answer(invitation=again, is_accepted=True, by=SYSTEM, now=NOW)
    subject = queries.subject_of_run(make.loaded(run))
    assert (subject.persons, subject.assistants) == (frozenset({lead.id}), frozenset({guest.id}))


def test_courses_that_ask_for_each_other_are_refused(session: Session) -> None:
    a, b, c = make.course(), make.course(), make.course()
    team.set_prerequisites(course=b, required_ids=[a.id], by=SYSTEM, now=NOW)
    team.set_prerequisites(course=c, required_ids=[b.id], by=SYSTEM, now=NOW)
    with pytest.raises(Refused, match="互相要求"):
        team.set_prerequisites(course=a, required_ids=[c.id], by=SYSTEM, now=NOW)
    team.set_prerequisites(course=b, required_ids=[], by=SYSTEM, now=NOW)
    team.set_prerequisites(course=a, required_ids=[c.id], by=SYSTEM, now=NOW)
    assert [row.id for row in found.prerequisites_of(a.id)] == [c.id]


def test_a_copied_section_opens_step_by_step_by_itself(session: Session) -> None:
    run = make.run()
    part = make.section(run)
    other = make.text(make.unit(run), title="别处")
    one, two = make.unit(run, part, title="甲"), make.unit(run, part, title="乙")
    quiz = make.quiz(one, of=run)
    make.text(two)
    named = (Condition(ConditionKind.GRADE, f"block:{quiz.key}", min_x10=600), Condition(ConditionKind.DONE, f"block:{other.key}"))
    save(two, access=Access(named).plain())
    made, _blocks = content.duplicate(part=part, by=SYSTEM, now=NOW)
    session.expire_all()
    units = queries.units_of(made.id)
    (copy,) = [block for block in queries.blocks_of(units[0].id)]
    conditions = Access.of(units[1].access).conditions
    assert [one.key for one in conditions] == [f"block:{copy.key}", f"block:{other.key}"]
    assert [one.key for one in Access.of(two.access).conditions] == [f"block:{quiz.key}", f"block:{other.key}"]
