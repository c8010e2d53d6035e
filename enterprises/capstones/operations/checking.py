"""Spot checks (抽检, 教督〔2020〕5号): a random sample, three experts, the rule of two, further experts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from enterprises.capstones import queries, rules
from enterprises.capstones.impartiality import Office
from enterprises.capstones.labels import years
from enterprises.capstones.models import Capstone, SpotCheck, SpotItem, SpotOpinion
from enterprises.capstones.operations._support import CapstoneRefused, WrongPerson, given, heads_of, tell
from enterprises.capstones.operations.impartial import demand_office, demand_other_house, demand_still
from enterprises.capstones.queries.anonymous import read_by_experts
from enterprises.capstones.queries.checking import of_department, open_opinions
from enterprises.capstones.types import SpotOutcome, SpotVerdict
from enterprises.mentors.accounts import demand_proven
from trainhub.identity import queries as identity
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import academic_year, local
from trainhub.kernel.db import add_once, session
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student
from trainhub.people.queries import humans_of, is_same_human
from trainhub.policy.book import book

TOLD_EXPERT = N_("请评议一篇抽检的毕业论文")
TOLD_RELEASED = N_("你与一篇抽检论文的学生有利益关系，须回避，不必再评议")
TOLD_TAKEN_BACK = N_("请你评议的一篇抽检论文已收回，不必再评议。理由：%(reason)s")
TOLD_MORE = N_("抽检论文有专家评为不合格，须再送 %(n)s 位专家：%(title)s")
TOLD_PROBLEM = N_("论文抽检结论：存在问题毕业论文。%(name)s，%(title)s")
TOLD_VOID = N_("你被请去评议的论文抽检已作废，不必再评议")


SEEDS = 1 << 48
"""How many seeds there are; the drawer knows none of them before."""
FIRST_YEAR = 2000
"""No thesis of the house is older."""


def last_year(today: date) -> int:
    """The latest academic year of which a sample may be drawn: with cn.thesis.academic_years_back = 1 the one before the running one (上一学年度)."""
    return academic_year(today) - book_at("cn.thesis.academic_years_back", today)


def draw(*, university: Organisation, year: int, percent: int, by: Identity, today: date, now: datetime) -> SpotCheck:
    """Draw a sample of the theses that passed in an academic year, once: who may draw again may choose the sample.

    `year` is the first calendar year of the academic year; it must be over (cn.thesis.academic_years_back), or whatever is published
    after the draw would never be looked at.
    The seed comes from the machine's secure source of randomness; it is kept with the list it was drawn from, so that anybody can draw
    the same again (`rules.sample`). At least cn.thesis.sample_percent_min, rounded up. Raises CapstoneRefused.
    """
    if queries.spot_check_of(university.id, year) is not None:
        raise _drawn_already(year)
    last = last_year(today)
    if year > last:
        raise CapstoneRefused(
            _(
                "%(year)s 学年还没有结束：一年只抽取一次，之后公布的论文就不会被抽到。请选择 %(last)s 学年或更早的学年。",
                year=years(year),
                last=years(last),
            ),
            field="year",
            code="year_not_over",
        )
    least = book_at("cn.thesis.sample_percent_min", today)
    if not least <= percent <= 100:
        raise CapstoneRefused(_("抽检比例须在 %(least)d%% 至 100%% 之间。", least=least), field="percent")
    population = queries.passed_in(university.id, year) if year >= FIRST_YEAR else []
    if not population:
        raise CapstoneRefused(_("%(year)s 学年没有公布成绩且合格的毕业设计，无从抽取。", year=years(year)), field="year")
    seed = secrets.randbelow(SEEDS)
    row = SpotCheck(
        university_id=university.id, year=year, percent=percent, seed=seed, population=population, drawn_by_id=by.account_id, drawn_at=now
    )
    add_once(row, lambda: _drawn_already(year))  # two drew at once: the first sample stands
    chosen = rules.sample(population, percent, seed)
    session().add_all(SpotItem(check_id=row.id, capstone_id=key) for key in chosen)
    session().flush()
    audit.record(
        by=by,
        did="capstones.spot_check.sampled",
        on=row,
        data={"year": year, "percent": percent, "seed": seed, "of": len(population), "drawn": chosen},
    )
    return row


def void(*, check: SpotCheck, reason: str, by: Identity, now: datetime) -> SpotCheck:
    """Declare a sample that was drawn by mistake void, so that the year can be drawn anew; a repeat changes nothing.

    Only while no expert has signed (after that a result would be thrown away), with a reason, and by another one of the office than
    who drew it: alone nobody draws until the sample suits. Seed, list and sample stay on record beside the new one; experts who were
    asked are told. Raises CapstoneRefused.
    """
    session().refresh(check, with_for_update=True)
    if check.voided_at is not None:
        return check
    why = given(reason, _("请写明作废的理由，它与种子和名单一起留存。"), field="reason")
    items = [item for item, *_rest in queries.spot_items(check.id)]
    for item in items:
        _hold(item)
    opinions = [opinion for item in items for opinion, _name in queries.opinions_of(item.id)]
    if any(opinion.signed_at is not None for opinion in opinions):
        raise CapstoneRefused(_("已有专家签署意见，这次抽检不能作废：作废会丢掉已有的结论。"), field="reason", code="has_results")
    if identity.is_same_holder(by.account_id, check.drawn_by_id):
        raise CapstoneRefused(_("样本是你抽取的，须由本单位的另一人或上级部门作废：一个人不能反复抽取直到满意。"), field="reason", code="own_draw")
    check.voided_at, check.voided_by_id, check.void_reason = now, by.account_id, why
    session().flush()
    said = {"year": check.year, "seed": check.seed, "of": len(check.population), "reason": why}
    audit.record(by=by, did="capstones.spot_check.voided", on=check, data=said)
    tell(
        person_ids={opinion.person_id for opinion in opinions},
        kind="capstones.spot_check",
        message=TOLD_VOID,
        values={},
        url="/capstones/tasks",
        unique_key=f"capstones.spot_void:{check.id}",
        now=now,
    )
    return check


def _demand_valid(item: SpotItem) -> None:
    """Refuse to go on with a sample that is void; asked of the database, as somebody may have said so while this waited for the thesis."""
    if queries.is_void(item.check_id):
        raise CapstoneRefused(_("这次抽检已作废，不再评议。"), code="void")


def _drawn_already(year: int) -> CapstoneRefused:
    return CapstoneRefused(
        _(
            "该校 %(year)s 学年的样本已经抽取，不能重抽：重抽等于挑选样本。误抽的样本可由另一人写明理由作废。请在“历次抽检”中查看已有的样本。",
            year=years(year),
        ),
        field="year",
        code="already_drawn",
    )


def book_at(key: str, today: date) -> int:
    """A number of the policy."""
    return book().at(key, on=today).number


def _hold(item: SpotItem) -> None:
    """One act on a thesis at a time: two last experts who sign at once would each miss the other, and the outcome would stay open."""
    session().refresh(item, with_for_update={"key_share": True})


def send_to_experts(*, item: SpotItem, people: Sequence[Person], by: Identity, today: date, now: datetime) -> int:
    """Send a thesis to as many experts as its round asks for, none twice. Raises CapstoneRefused.

    Only who is an expert today; not a supervisor, a reviewer, or somebody of the student's own university (`queries.people_of_university`) or of the
    topic's enterprise.
    """
    _hold(item)
    _demand_valid(item)
    capstone = session().get_one(Capstone, item.capstone_id)
    if read_by_experts(item) is None:
        raise CapstoneRefused(_("这篇论文还没有匿名稿：专家只看匿名稿，请先上传。"), field="experts", code="no_anonymous")
    opinions = queries.opinions_of(item.id)
    stage = 2 if item.outcome is SpotOutcome.MORE_EXPERTS else 1
    if item.outcome not in (SpotOutcome.OPEN, SpotOutcome.MORE_EXPERTS):
        raise CapstoneRefused(_("这篇论文的抽检已有结论。"))
    wanted = book_at("cn.thesis.experts" if stage == 1 else "cn.thesis.review_experts", today)
    sent = [o for o, _name in opinions if o.stage == stage]
    if len(sent) + len(people) != wanted or len(set(humans_of(person.id for person in people).values())) != len(people):
        raise CapstoneRefused(_("这一轮须送 %(n)d 位专家，还差 %(left)d 位，请选择不同的人。", n=wanted, left=wanted - len(sent)), field="experts")
    university_id = session().get_one(Student, capstone.student_id).university_id
    own = queries.people_of_university(university_id, today)
    experts = {key for key, _name in queries.expert_choices(university_id, today)}
    for person in people:
        demand_office(capstone, person, Office.EXPERT, field="experts")
        if person.id in own:
            raise CapstoneRefused(
                _("%(name)s 是该校的人员，须回避本校论文，请另选校外专家。", name=person.name), field="experts", code="own_university"
            )
        demand_other_house(capstone, person, today, field="experts")
        if person.id not in experts:
            raise CapstoneRefused(_("%(name)s 现在不是评议专家，请从专家名单中选择。", name=person.name), field="experts", code="not_an_expert")
        if any(is_same_human(o.person_id, person.id) for o, _name in opinions):
            raise CapstoneRefused(_("%(name)s 已评阅过这篇论文，须另选专家。", name=person.name), field="experts")
        session().add(SpotOpinion(item_id=item.id, person_id=person.id, stage=stage, asked_at=now))
    session().flush()
    audit.record(
        by=by, did="capstones.spot_check.sent", on=("spot_item", str(item.id)), data={"stage": stage, "experts": [person.id for person in people]}
    )
    tell(
        person_ids=[person.id for person in people],
        kind="capstones.spot_check",
        message=TOLD_EXPERT,
        values={},
        url="/capstones/tasks",
        unique_key=f"capstones.spot:{item.id}:{stage}:{now.isoformat()}",  # who is asked again, after a request was taken back, is told again
        now=now,
    )
    return len(people)


def release_expert(*, person: Person, capstone: Capstone, by: Identity, now: datetime) -> None:
    """Take the request back from an expert who may not judge this thesis any more and has not signed: another one is asked in this place."""
    for opinion in open_opinions(capstone.id, person.id):
        item = session().get_one(SpotItem, opinion.item_id)
        _hold(item)
        standing = queries.opinion_now(opinion.id)
        if standing is not None and standing.signed_at is None:
            _remove(standing, item, TOLD_RELEASED, {"conflict": True}, by, now)


def take_back_opinion(*, opinion: SpotOpinion, reason: str, by: Identity, now: datetime) -> bool:
    """Take the request back from an expert who does not answer, with a reason, so that another one is asked in this place.

    Only while nothing is signed (no verdict is thrown away), and own.spot.answer_days after the request: who sees the other verdicts does not
    look for an expert who suits. The expert is told, the audit keeps who it was and why. Whether there was
    anything left to take back. Raises CapstoneRefused.
    """
    item = session().get_one(SpotItem, opinion.item_id)
    _hold(item)
    _demand_valid(item)
    standing = queries.opinion_now(opinion.id)
    if standing is None:
        return False
    if standing.signed_at is not None:
        raise CapstoneRefused(_("专家已签署意见，不能收回：收回会丢掉已有的结论。"), field="reason", code="already_graded")
    first = local(standing.asked_at).date() + timedelta(days=book_at("own.spot.answer_days", local(now).date()))
    if local(now).date() < first:
        raise CapstoneRefused(
            _("专家还在评议期内，%(day)s 起仍未评议的可以收回：不能凭已有的意见另挑专家。", day=first.isoformat()), field="reason", code="may_answer"
        )
    why = given(reason, _("请写明收回的理由，例如多次联系没有答复。"), field="reason")
    _remove(standing, item, TOLD_TAKEN_BACK, {"reason": why}, by, now)
    return True


def _remove(opinion: SpotOpinion, item: SpotItem, message: str, values: dict[str, Any], by: Identity, now: datetime) -> None:
    """Remove an unsigned request, tell its expert, and keep in the audit who it was."""
    person_id, stage, asked_at = opinion.person_id, opinion.stage, opinion.asked_at
    session().delete(opinion)
    session().flush()
    audit.record(by=by, did="capstones.spot_check.taken_back", on=("spot_item", str(item.id)), data={"expert": person_id, "stage": stage, **values})
    tell(
        person_ids=[person_id],
        kind="capstones.spot_check",
        message=message,
        values=values,
        url="/capstones/tasks",
        unique_key=f"capstones.spot_released:{item.id}:{person_id}:{asked_at.isoformat()}",
        now=now,
    )


def give_opinion(*, opinion: SpotOpinion, verdict: SpotVerdict, comment: str, by: Identity, today: date, now: datetime) -> SpotItem:
    """Sign an opinion, once; when the round is complete the outcome follows by the rule of two and is told. Raises WrongPerson, CapstoneRefused."""
    if not is_same_human(by.person_id, opinion.person_id):
        raise WrongPerson(_("只有被指定的专家可以评议。"))
    demand_proven(by)
    item = session().get_one(SpotItem, opinion.item_id)
    _hold(item)
    _demand_valid(item)
    if queries.opinion_now(opinion.id) is None:
        raise CapstoneRefused(_("这份评议已收回，不必再评议。"), code="taken_back")
    if opinion.signed_at is not None:
        raise CapstoneRefused(_("评议意见已签名。"), code="already_graded")
    demand_still(session().get_one(Capstone, item.capstone_id), by, Office.EXPERT)
    opinion.comment = given(comment, _("请写明评议意见。"), field="comment", most=4000)
    opinion.verdict, opinion.signed_at = verdict, now
    session().flush()
    rows, before = [row for row, _name in queries.opinions_of(item.id)], item.outcome
    item.outcome = rules.spot_outcome(
        [row.verdict for row in rows if row.stage == 1],
        [row.verdict for row in rows if row.stage == 2],
        experts=book_at("cn.thesis.experts", today),
        fails=book_at("cn.thesis.fails_for_problem", today),
        more=book_at("cn.thesis.review_experts", today),
        more_fails=book_at("cn.thesis.review_fails_for_problem", today),
    )
    session().flush()
    audit.record(by=by, did="capstones.spot_check.signed", on=("spot_item", str(item.id)), data={"verdict": verdict, "outcome": item.outcome})
    if item.outcome is not before:
        _tell_outcome(item, today, now)
    return item


def runners(check: SpotCheck) -> list[int]:
    """The accounts of the office that runs a check: of the department of education (`of_department`), else the university's administrators."""
    if of_department([check]):
        return identity.accounts_holding(Role.DEPT_EDU)
    return identity.accounts_holding(Role.UNIVERSITY_ADMIN, organisation_id=check.university_id)


def _tell_outcome(item: SpotItem, today: date, now: datetime) -> None:
    """Tell who runs the check that further experts are asked next; of a thesis with problems the university, the heads and both supervisors too.

    Not the student, who has left by then: what the university draws from it has a procedure of its own.
    """
    check, capstone = session().get_one(SpotCheck, item.check_id), session().get_one(Capstone, item.capstone_id)
    student, title, offices = session().get_one(Student, capstone.student_id), queries.title_of(capstone), runners(check)
    said: dict[str, Any] = {"kind": "capstones.spot_check", "now": now}
    if item.outcome is SpotOutcome.MORE_EXPERTS:
        values = {"n": book_at("cn.thesis.review_experts", today), "title": title}
        said |= {"message": TOLD_MORE, "values": values, "unique_key": f"capstones.spot_more:{item.id}", "url": f"/capstones/spot-checks/{check.id}"}
        notifications.notify(account_ids=offices, **said)
    elif item.outcome is SpotOutcome.PROBLEM:
        said |= {"message": TOLD_PROBLEM, "values": {"name": session().get_one(Person, student.person_id).name, "title": title}}
        runs = {*offices, *identity.accounts_holding(Role.UNIVERSITY_ADMIN, organisation_id=check.university_id)}
        supervisors = [row.person_id for row, _name in queries.supervisions_of(capstone.id) if row.until is None]
        theirs = {*heads_of(student), *identity.accounts_of_persons(supervisors).values()} - runs
        for accounts, url in ((runs, f"/capstones/spot-checks/{check.id}"), (theirs, f"/capstones/{capstone.id}")):
            notifications.notify(account_ids=sorted(accounts), url=url, unique_key=f"capstones.spot_problem:{item.id}", **said)
