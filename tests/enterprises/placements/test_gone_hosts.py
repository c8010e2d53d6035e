"""An enterprise or base that is out of use, not verified any more, left its base or takes nobody that year: on offer nowhere, and everybody is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.bases.types import Refusal
from enterprises.placements import lawful, operations, planning, queries
from enterprises.placements.operations._support import BadPlacement, WrongState
from enterprises.placements.types import OfferState, PlacementState, SeatDecision
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import queries as identities
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import db, transaction
from trainhub.notifications.models import Notice
from trainhub.organisations import operations as organisations
from trainhub.organisations import queries as organisation_queries
from trainhub.organisations.types import HostSide
from trainhub.people import queries as people
from trainhub.programmes.models import Programme

NOW = make.NOW
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": NOW}
AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """An enterprise with a position at its base, ranked in an open round; one student is placed there, one waits; head, student and mentor have
    accounts. Another enterprise offers too."""
    with transaction():
        university, enterprise, other = ground.university(), ground.enterprise(), ground.enterprise()
        programme = ground.programme(university)
        base = ground.base(enterprise, other)
        make.opened_base(base=base)
        term = make.term(university=university, starts_on=date(2026, 9, 7))
        position = make.position(enterprise=enterprise, base=base, terms=[term], seats=5)
        elsewhere = make.position(enterprise=other, terms=[term], seats=5)
        placed, waits = (ground.student(programme, petoe_since=date(2023, 9, 1)) for _n in range(2))
        mentor = make.mentor(enterprise=enterprise)
        for person_id in (placed.person_id, waits.person_id, mentor.person_id):
            identity.account(person=people.person(person_id))
        head = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=programme.id)
        host = identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id)
        round_ = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term])
        row = operations.place_student(student=placed, position=position, term=term, mentor=mentor, round=round_, **WHOLE)
        operations.save_preferences(round=round_, student=waits, position_ids=[position.id], **WHOLE)
        return SimpleNamespace(
            university=university, enterprise=enterprise, base=base, term=term, position=position, elsewhere=elsewhere, placed=placed, waits=waits,
            mentor=mentor, head_id=head.id, host_id=host.id, round=round_, row=row, programme_id=programme.id,
        )  # fmt: skip


def close_enterprise(world: SimpleNamespace) -> None:
    organisations.close(organisation=world.enterprise, reason="停产歇业", **WHOLE)


def close_base(world: SimpleNamespace) -> None:
    organisations.close(organisation=world.base, reason="撤销基地", **WHOLE)


def rename(world: SimpleNamespace) -> None:
    organisations.change(organisation=world.enterprise, name="改名后的企业", **WHOLE)


def leave(world: SimpleNamespace) -> None:
    host = next(one for one, organisation in organisation_queries.hosts_of(world.base.id) if organisation.id == world.enterprise.id)
    organisations.end_host(base=world.base, host_id=host.id, until=make.TODAY, **WHOLE)


def decline(world: SimpleNamespace) -> None:
    known = base_queries.interest(world.enterprise.id, 2026)
    bases.state_interest(
        enterprise=world.enterprise, year=2026, is_interested=False, reasons=[Refusal.NO_SEATS], version=known.version if known else None, **WHOLE
    )


WAYS = [close_enterprise, close_base, rename, leave, decline]
GIVES_BACK = [close_enterprise, close_base, decline]


def told(kind: str, *, person_id: int | None = None, account_id: int | None = None) -> int:
    account_id = account_id or identities.accounts_of_persons([person_id])[person_id]
    return len(db.session.scalars(select(Notice.id).where(Notice.kind == kind, Notice.account_id == account_id)).all())


@pytest.mark.parametrize("way", WAYS)
def test_what_is_gone_is_on_offer_nowhere(world: SimpleNamespace, way: Callable[[SimpleNamespace], None]) -> None:
    def offered() -> list[bool]:
        key = world.position.id
        return [
            key in {one.position_id for one in lawful.choices(world.round, world.waits)},
            key in {one.id for one in queries.planning_facts(world.round, today=make.TODAY).positions},
            key in {one[0] for one in queries.seats_for(world.waits, make.TODAY, only_free=False)[1]},
            key in {one.id for one in queries.offered_in([world.term.id])},
            queries.is_open(key, world.term.id),
        ]

    before = planning.hash_of(planning.problem_of(world.round, today=make.TODAY))
    assert offered() == [True] * 5
    way(world)
    db.session.flush()
    assert offered() == [False] * 5
    assert planning.hash_of(planning.problem_of(world.round, today=make.TODAY)) != before
    with pytest.raises((WrongState, BadPlacement)) as refused:
        operations.place_student(student=world.waits, position=world.position, term=world.term, **WHOLE)
    assert "尚未通过审核" not in refused.value.message
    assert queries.is_open(world.elsewhere.id, world.term.id)


@pytest.mark.parametrize("way", GIVES_BACK)
def test_offers_of_what_is_gone_go_back_with_the_reason(world: SimpleNamespace, way: Callable[[SimpleNamespace], None]) -> None:
    for _again in range(2):
        way(world)
    seats = queries.seats_of(world.position.id, world.term.id)
    assert (world.position.state, seats.decision) == (OfferState.DRAFT, SeatDecision.RETURNED)
    assert seats.return_reason
    assert queries.seats_of(world.elsewhere.id, world.term.id).decision is SeatDecision.APPROVED
    assert told("placements.position_gone", person_id=world.waits.person_id) == 1
    assert told("placements.offers_gone", account_id=world.head_id) == 1


@pytest.mark.parametrize("way", [close_enterprise, close_base])
def test_who_is_placed_there_is_told_once_with_mentor_and_heads(world: SimpleNamespace, way: Callable[[SimpleNamespace], None]) -> None:
    for _again in range(2):
        way(world)
    people_told = [told("placements.host_closed", person_id=one.person_id) for one in (world.placed, world.mentor)]
    assert (people_told, told("placements.hosts_closed", account_id=world.head_id)) == ([1, 1], 1)
    assert told("placements.host_closed", person_id=world.waits.person_id) == 0
    assert queries.placement(world.row.id).state.value == "planned"  # nobody loses a place without a decision


def test_a_placement_that_is_over_is_no_news(world: SimpleNamespace) -> None:
    operations.withdraw_placement(placement=world.row, reason="学生退出", **WHOLE)
    close_enterprise(world)
    assert told("placements.host_closed", person_id=world.placed.person_id) == 0
    assert told("placements.hosts_closed", account_id=world.head_id) == 0


@pytest.mark.parametrize("way", [close_enterprise, close_base])
def test_a_placement_does_not_begin_where_nobody_is_any_more(world: SimpleNamespace, way: Callable[[SimpleNamespace], None]) -> None:
    row = make.ready(world.row, world.mentor)
    way(world)
    with pytest.raises(WrongState) as refused:
        operations.start_placement(placement=row, today=date(2026, 9, 7), by=SYSTEM, now=make.at(date(2026, 9, 7)))
    assert "停用" in refused.value.message


@pytest.mark.parametrize(("way", "words"), [(close_enterprise, "已停用"), (close_base, "已停用"), (rename, "重新核验"), (leave, "不再共建")])
def test_the_page_of_the_placement_and_the_round_say_so(world: SimpleNamespace, as_role: AsRole, way: Any, words: str) -> None:
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id)
    placement, round_ = f"/placements/{world.row.id}", f"/placements/rounds/{world.round.id}"
    assert words not in head.get(placement).text
    assert words not in head.get(round_).text
    with transaction():
        way(world)
    assert words in head.get(placement).text
    assert words in head.get(round_).text


def test_an_offer_returns_once_the_enterprise_is_verified_again(world: SimpleNamespace) -> None:
    rename(world)
    assert not queries.is_open(world.position.id, world.term.id)
    organisations.verify(organisation=world.enterprise, **WHOLE)
    assert queries.is_open(world.position.id, world.term.id)


def test_wishes_for_what_is_on_offer_no_more_are_counted_beside_the_plan(world: SimpleNamespace, as_role: AsRole) -> None:
    head, page = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id), f"/placements/rounds/{world.round.id}"
    assert "现在不再提供" not in head.get(page).text
    with transaction():
        rename(world)
    assert "1 个志愿所填的岗位现在不再提供" in head.get(page).text


def test_a_no_for_another_year_leaves_the_offer(world: SimpleNamespace) -> None:
    bases.state_interest(enterprise=world.enterprise, year=2027, is_interested=False, reasons=[Refusal.NO_SEATS], **WHOLE)
    assert queries.is_open(world.position.id, world.term.id)
    assert told("placements.offers_gone", account_id=world.head_id) == 0
    assert make.TODAY + timedelta(days=1) < world.term.starts_on


# -- what goes back -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("way", [close_base, leave])
def test_an_offer_at_what_is_gone_is_neither_handed_in_nor_approved(world: SimpleNamespace, way: Callable[[SimpleNamespace], None]) -> None:
    waits = make.position(enterprise=world.enterprise, base=world.base, terms=[world.term], is_approved=False)
    draft = make.position(enterprise=world.enterprise, base=world.base, terms=[world.term], is_approved=False)
    operations.submit_position(position=waits, **WHOLE)
    way(world)
    if waits.state is OfferState.SUBMITTED:  # one at a base that was left does not go back by itself
        with pytest.raises(WrongState) as refused:
            operations.approve_position(position=waits, **WHOLE)
        assert refused.value.code == "host_gone"
    with pytest.raises(WrongState) as refused:
        operations.submit_position(position=draft, **WHOLE)
    assert (refused.value.code, "基地" in refused.value.message) == ("host_gone", True)


def test_an_enterprise_that_left_is_no_host_by_being_above_the_base(world: SimpleNamespace) -> None:
    world.base.parent_id = world.enterprise.id
    fresh = operations.offer_position(enterprise=world.enterprise, title="装配", **WHOLE)
    operations.change_position(position=fresh, base_id=world.base.id, **WHOLE)
    operations.change_position(position=fresh, base_id=None, **WHOLE)
    leave(world)
    with pytest.raises(BadPlacement) as refused:
        operations.change_position(position=fresh, base_id=world.base.id, **WHOLE)
    assert refused.value.field == "base_id"


@pytest.mark.parametrize(("seats", "is_refused"), [(35, False), (36, True)])
def test_seats_that_rest_while_the_enterprise_is_verified_anew_fill_the_base(world: SimpleNamespace, seats: int, is_refused: bool) -> None:
    other = organisation_queries.by_id(world.elsewhere.enterprise_id)
    assert other is not None
    rename(world)  # its five seats come back by themselves, the base takes forty
    if is_refused:
        with pytest.raises(BadPlacement) as refused:
            make.position(enterprise=other, base=world.base, terms=[world.term], seats=seats)
        assert refused.value.code == "over_capacity"
    else:
        assert make.position(enterprise=other, base=world.base, terms=[world.term], seats=seats).state is OfferState.APPROVED


def values_told(account_id: int) -> list[int]:
    return [
        row.values["n"] for row in db.session.scalars(select(Notice).where(Notice.kind == "placements.offers_gone", Notice.account_id == account_id))
    ]


def test_each_school_is_told_its_own_number_and_what_is_over_stays(world: SimpleNamespace) -> None:
    second, third = ground.university(), ground.university()
    past = make.term(university=third, starts_on=date(2025, 9, 1), weeks=8)
    theirs = make.term(university=second, starts_on=date(2026, 9, 7))
    heads = [identity.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=one.id).id for one in (world.university, second, third)]
    operations.set_seats(position=world.position, term=theirs, seats=1, **WHOLE)
    bases.state_interest(enterprise=world.enterprise, year=2025, is_interested=True, seats=5, **WHOLE)
    operations.set_seats(position=world.position, term=past, seats=1, by=SYSTEM, now=make.at(date(2025, 9, 1)))
    operations.submit_position(position=world.position, **WHOLE)
    operations.approve_position(position=world.position, **WHOLE)
    make.position(enterprise=world.enterprise, terms=[world.term])
    close_enterprise(world)
    assert [values_told(one) for one in (*heads, world.head_id)] == [[2], [1], [], [2]]
    assert queries.seats_of(world.position.id, past.id).decision is SeatDecision.APPROVED
    assert {queries.seats_of(world.position.id, one.id).decision for one in (world.term, theirs)} == {SeatDecision.RETURNED}


def test_a_second_no_is_told_again_and_a_repeated_one_returns_nothing(world: SimpleNamespace) -> None:
    with transaction():
        decline(world)
    known = base_queries.interest(world.enterprise.id, 2026)
    bases.state_interest(enterprise=world.enterprise, year=2026, is_interested=True, seats=5, version=known.version, **WHOLE)
    operations.submit_position(position=world.position, **WHOLE)
    operations.approve_position(position=world.position, **WHOLE)
    later: dict[str, Any] = {"by": SYSTEM, "now": NOW + timedelta(hours=1)}
    for _again in range(2):
        with transaction():
            bases.state_interest(
                enterprise=world.enterprise, year=2026, is_interested=False, reasons=[Refusal.NO_SEATS], version=known.version, **later
            )
    assert told("placements.offers_gone", account_id=world.head_id) == 2
    statement = select(AuditEvent.id).where(AuditEvent.did == "placements.position.returned")
    assert len(db.session.scalars(statement).all()) == 2


@pytest.mark.parametrize(("way", "words"), [(rename, "企业正在重新核验"), (leave, "企业已不再共建这个基地")])
def test_the_position_and_the_list_say_that_it_rests(world: SimpleNamespace, as_role: AsRole, way: Any, words: str) -> None:
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise.id)
    pages = [f"/placements/positions/{world.position.id}", "/placements/positions"]
    assert [words in host.get(page).text for page in pages] == [False, False]
    with transaction():
        way(world)
    assert [words in host.get(page).text for page in pages] == [True, True]


# -- verified anew, or a partner no more -----------------------------------------------------------------------------------
def verify(world: SimpleNamespace) -> None:
    organisations.verify(organisation=world.enterprise, **WHOLE)


def join(world: SimpleNamespace) -> None:
    organisations.add_host(base=world.base, organisation=world.enterprise, side=HostSide.ENTERPRISE, is_lead=False, **WHOLE)


@pytest.mark.parametrize(
    ("there", "back", "kinds"),
    [
        (rename, verify, ("placements.host_unverified", "placements.host_verified")),
        (leave, join, ("placements.host_left", "placements.host_joined")),
    ],
)
def test_who_is_placed_ranks_or_answers_is_told_of_a_host_that_moves_and_comes_back(
    world: SimpleNamespace, there: Callable[[SimpleNamespace], None], back: Callable[[SimpleNamespace], None], kinds: tuple[str, str]
) -> None:
    for act, kind in zip((there, back), kinds, strict=True):
        for _again in range(2):
            act(world)
        for person_id in (world.placed.person_id, world.mentor.person_id, world.waits.person_id):
            assert told(kind, person_id=person_id) == 1
        for account_id in (world.head_id, world.host_id):
            assert told(kind, account_id=account_id) == 1
    [said] = db.session.scalars(select(Notice).where(Notice.account_id == world.head_id, Notice.kind == kinds[0])).all()
    assert (said.values["n"], said.values["k"]) == (1, 1)
    assert queries.is_open(world.position.id, world.term.id)
    assert world.row.state is PlacementState.PLANNED


def test_what_does_not_touch_the_verification_is_told_to_nobody(world: SimpleNamespace) -> None:
    organisations.change(organisation=world.enterprise, address="新地址一号", **WHOLE)
    assert told("placements.host_unverified", account_id=world.head_id) == 0


def test_a_partner_of_another_base_moves_nobody_here(world: SimpleNamespace) -> None:
    elsewhere = ground.base(world.enterprise)
    host = next(one for one, organisation in organisation_queries.hosts_of(elsewhere.id) if organisation.id == world.enterprise.id)
    organisations.end_host(base=elsewhere, host_id=host.id, until=make.TODAY, **WHOLE)
    assert told("placements.host_left", person_id=world.placed.person_id) == told("placements.host_left", account_id=world.host_id) == 0


def test_an_enterprise_that_is_verified_for_the_first_time_is_told(session: Session) -> None:
    enterprise = ground.enterprise()
    host = identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id)
    organisations.change(organisation=enterprise, name="新名称企业", **WHOLE)
    organisations.verify(organisation=enterprise, **WHOLE)
    assert told("placements.host_verified", account_id=host.id) == 1


def edit(world: SimpleNamespace) -> None:
    """The offer waits for the school again."""
    operations.change_position(position=world.position, hours_per_day=7, **WHOLE)


def give_back(world: SimpleNamespace) -> None:
    """The round's school takes nobody any more, another one does."""
    second = make.term(university=ground.university(), starts_on=date(2026, 9, 7))
    operations.set_seats(position=world.position, term=second, seats=2, **WHOLE)
    operations.approve_position(position=world.position, **WHOLE)
    operations.return_position(position=world.position, reason="不合适", term_ids=[world.term.id], **WHOLE)


def say_no(world: SimpleNamespace) -> None:
    db.session.get(type(base_queries.interest(world.enterprise.id, 2026)), (world.enterprise.id, 2026)).is_interested = False


@pytest.mark.parametrize(
    ("obstacle", "there", "back", "kinds"),
    [
        *(
            (one, *way)
            for one in (edit, give_back, say_no)
            for way in ((rename, verify, ("host_unverified", "host_verified")), (leave, join, ("host_left", "host_joined")))
        ),
        (leave, rename, verify, ("host_unverified", "host_verified")),
        (rename, leave, join, ("host_left", "host_joined")),
    ],
)
def test_a_wish_that_does_not_count_for_another_reason_is_promised_to_nobody(
    world: SimpleNamespace, obstacle: Any, there: Any, back: Any, kinds: tuple[str, str]
) -> None:
    obstacle(world)
    there(world)
    back(world)
    for kind in kinds:
        assert told(f"placements.{kind}", person_id=world.waits.person_id) == 0
        assert told(f"placements.{kind}", person_id=world.placed.person_id) == 1
        [said] = db.session.scalars(select(Notice).where(Notice.account_id == world.head_id, Notice.kind == f"placements.{kind}")).all()
        assert (said.values["n"], said.values["k"]) == (1, 0)


def test_each_hears_once_of_all_that_is_theirs(world: SimpleNamespace) -> None:
    """A mentor of two students; a student who ranks two of its offers; who answers for the university, with two programmes."""
    more = ground.programme(world.university)
    student = ground.student(more, petoe_since=date(2023, 9, 1))
    operations.place_student(student=student, position=world.position, term=world.term, mentor=world.mentor, **WHOLE)
    second = make.position(enterprise=world.enterprise, base=world.base, terms=[world.term], title="第二个岗位")
    operations.save_preferences(round=world.round, student=world.waits, position_ids=[world.position.id, second.id], **WHOLE)
    whole = identity.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=world.university.id)
    head = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=more.id)
    rename(world)
    kind = "placements.host_unverified"
    found = {row.account_id: row.values for row in db.session.scalars(select(Notice).where(Notice.kind == kind))}
    assert [(found[one]["n"], found[one]["k"]) for one in (whole.id, world.head_id, head.id)] == [(2, 2), (1, 2), (1, 0)]
    accounts = identities.accounts_of_persons([world.mentor.person_id, world.waits.person_id])
    assert found[accounts[world.mentor.person_id]]["n"] == 2
    assert found[accounts[world.waits.person_id]]["title"] == f"{world.position.title}、第二个岗位"
    assert [told(kind, account_id=one) for one in (whole.id, world.head_id, head.id, *accounts.values())] == [1] * 5


def test_whoever_was_entered_twice_hears_of_all_that_is_theirs(world: SimpleNamespace) -> None:
    """One is placed at two posts and ranks two, under two rows of the register that were merged since; the account is one."""
    second = make.position(enterprise=world.enterprise, base=world.base, terms=[world.term], title="第二个岗位")
    programme = db.session.get_one(Programme, world.programme_id)
    twin, waits = (ground.student(programme, petoe_since=date(2023, 9, 1)) for _n in range(2))
    operations.place_student(student=twin, position=world.position, term=world.term, **WHOLE)
    operations.save_preferences(round=world.round, student=waits, position_ids=[second.id], **WHOLE)
    for stays, other in ((world.placed, twin), (world.waits, waits)):
        ground.merge(people.person(stays.person_id), people.person(other.person_id))
    rename(world)
    accounts = identities.accounts_of_persons([world.placed.person_id, world.waits.person_id])
    found = {row.account_id: row.values for row in db.session.scalars(select(Notice).where(Notice.kind == "placements.host_unverified"))}
    assert found[accounts[world.placed.person_id]]["n"] == 2
    assert found[accounts[world.waits.person_id]]["title"] == f"{world.position.title}、第二个岗位"


def test_who_answers_for_one_university_and_heads_a_programme_of_another_hears_of_both(world: SimpleNamespace) -> None:
    abroad = ground.university()
    theirs = ground.programme(abroad)
    both = identity.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=world.university.id)
    for programme_id in (world.programme_id, theirs.id):
        identity.grant(both, Role.PROGRAMME_ADMIN, programme_id=programme_id)
    term = make.term(university=abroad, starts_on=date(2026, 9, 7))
    position = make.position(enterprise=world.enterprise, base=world.base, terms=[term], seats=3)
    for _n in range(2):
        student = ground.student(theirs, petoe_since=date(2023, 9, 1))
        operations.place_student(student=student, position=position, term=term, **WHOLE)
    rename(world)
    found = db.session.scalars(select(Notice).where(Notice.kind == "placements.host_unverified", Notice.account_id == both.id)).all()
    assert sorted(row.values["n"] for row in found) == [1, 2]


@pytest.mark.parametrize(("ways", "words"), [((rename,), "所在企业正在重新核验"), ((leave, rename), "已不再接收"), ((edit,), "正等待学校重新审核")])
def test_a_wish_says_what_it_waits_for(world: SimpleNamespace, as_role: AsRole, ways: Any, words: str) -> None:
    with transaction():
        for way in ways:
            way(world)
    browser = as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.waits.person_id)
    page = browser.get(f"/placements/rounds/{world.round.id}/preferences").text
    said = ("所在企业正在重新核验", "已不再接收", "正等待学校重新审核")
    assert [one in page for one in said] == [one == words for one in said]
