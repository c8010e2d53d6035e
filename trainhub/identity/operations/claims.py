"""Who registered by themselves and says the number of somebody on file: whoever holds that roster says whether both are one human.

Nobody comes into records that are there by knowing a number: the claim changes nothing until somebody who may open an account for the person on file has
looked at the holder, and said how. What an enterprise or a base writes afterwards for the name and the number of a claim is the claimant's without a
word (`people.operations.claiming.vouches`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from trainhub.identity import queries, rules
from trainhub.identity.delivery import News, tell
from trainhub.identity.labels import CLAIM_STATES
from trainhub.identity.models import Account, NumberClaim
from trainhub.identity.operations._support import AccountRefused, GrantRefused
from trainhub.identity.operations.closing import close_account
from trainhub.identity.permissions import HEADS, Can
from trainhub.identity.queries.claims import Claimed
from trainhub.identity.types import AccountState, ClaimState
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Identity, Role, may
from trainhub.kernel.clock import local
from trainhub.kernel.db import hold, session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import N_, _
from trainhub.people import operations as people
from trainhub.people import queries as persons
from trainhub.people import reach
from trainhub.people.models import Person
from trainhub.people.rules import same_name
from trainhub.people.types import IdType, PairDecision

PAGE = "/accounts/claims/"
WAITS = N_("有人自行注册账号时填写的证件号码，与你单位登记的 %(name)s 一致，等待核实是否为同一人。")
CONFIRMED = N_("你填写的证件号码 %(mask)s 已核实：此前以你的名义登记的记录已归入你的账号。")
REFUSED = N_("你填写的证件号码 %(mask)s 没有通过核实，理由见“我的数据”。")
MY_DATA = "/my-data"
WORDS_MIN = 4
"""Characters that say how the holder was looked at."""


def say_number(*, account: Account, person: Person, id_type: IdType, number: str, by: Identity, now: datetime) -> NumberClaim:
    """Keep the number that the holder of an account says of themselves, and tell whoever holds a roster with somebody under it. Raises BadPerson."""
    before = people.facts_of_number(person)
    key = people.say_number(person=person, id_type=id_type, number=number, by=by, now=now)
    claim = queries.claim_of(account.id, key)
    if claim is None:
        claim = NumberClaim(account_id=account.id, id_type=id_type.value, number_hash=key, id_mask=person.id_mask, asked_at=now, before=before)
        session().add(claim)
    elif claim.state in (ClaimState.REFUSED, ClaimState.WITHDRAWN):
        claim.state, claim.asked_at, claim.reason = ClaimState.OPEN, now, ""
        claim.before = before
        claim.decided_at = claim.decided_by_id = None
    session().flush()
    for found in queries.open_claims([claim.id]):
        for to in sorted(_deciders(found.known, local(now).date())):
            values = {"name": found.known.name}
            tell(News(to, "identity.claim", WAITS, PAGE, f"claim:{claim.id}:{now.isoformat()}", values=values), now=now)
    return claim


def _deciders(known: Person, today: date) -> set[int]:
    """The accounts of the heads who may decide about somebody; where there are none, of the department of human resources."""
    places = persons.subject_to_invite(known).organisations
    heads = {key for place in places for key in queries.accounts_holding(*HEADS, organisation_id=place, today=today)}
    found = {key for key in heads if _may_decide(known, queries.identity_of(key, today=today), today)}
    return found or set(queries.accounts_holding(Role.DEPT_HR, today=today))


def _may_decide(known: Person, by: Identity, today: date) -> bool:
    return known.id not in reach.beyond_reach([known.id], by, today) and may(by, Can.CLAIM_DECIDE, persons.subject_to_invite(known))


def claims_for(by: Identity, *, today: date, only: Collection[int] | None = None) -> list[Claimed]:
    """The open claims on persons for whom `by` may open an account, the oldest first, or of these (`claim_keys`) alone."""
    mine = set(claim_keys(by, today=today)) if only is None else None
    return [one for one in queries.open_claims(only) if mine is None or (one.claim.id, one.known.id) in mine]


def claim_keys(by: Identity, *, today: date, most: int | None = None) -> list[tuple[int, int]]:
    """The same as ids alone, of the claim and of the person on file; as many queries for ten as for a hundred. `most`: whoever decides on all is told no more."""
    if _decides_all(by):
        return queries.open_keys(most)[:most]
    found = queries.open_keys()
    known = {key for _claim, key in found}
    rows = persons.persons_by_id(known - reach.beyond_reach(known, by, today))
    subjects = persons.subjects_to_invite(rows.values())
    mine = {key for key, subject in subjects.items() if may(by, Can.CLAIM_DECIDE, subject)}
    return [one for one in found if one[1] in mine][:most]


def _decides_all(by: Identity) -> bool:
    return by is SYSTEM or by.account_id is None or by.everywhere(Role.SYSTEM_ADMIN, Role.DEPT_HR)


def open_claim(claim_id: int) -> Claimed:
    """One open claim. Raises NotFound when nobody stands under its number, or it is decided."""
    found = queries.open_claims([claim_id])
    if not found:
        raise NotFound(_("没有这项待核实的注册，或已有人办理。"))
    return found[0]


def confirm_claim(*, claim_id: int, reason: str, by: Identity, today: date, now: datetime) -> NumberClaim:
    """Say that the holder of the account is the person on file: both become one human, and what is on file is the holder's from now on.

    `reason` says how the holder was looked at. Raises NotFound, GrantRefused; AccountRefused where names or birth dates differ, where an account is
    in use already (one that was opened and never used is closed), or where both were decided to be different.
    """
    found = _looked_at(claim_id, ClaimState.CONFIRMED, reason, by, today)
    if isinstance(found, NumberClaim):
        return found
    claimant, known = found.claimant, found.known
    if claimant.id_number_hash is not None and not claimant.number_by_holder:
        said = _("%(name)s的账号已登记另一个经核实的证件号码 %(mask)s，不能认定为同一人。", name=claimant.name, mask=claimant.id_mask)
        raise AccountRefused(said, field="reason", code="other_number")
    if not same_name(claimant.name, known.name):
        said = _("注册时填写的姓名与登记的不同，不能认定为同一人。登记的姓名有误的，请先更正。")
        raise AccountRefused(said, field="reason", code="name_differs")
    if None not in (found.birth_on, known.birth_on) and found.birth_on != known.birth_on:
        raise AccountRefused(_("注册时填写的出生日期与登记的不同，不能认定为同一人。"), field="reason", code="birth_differs")
    there = queries.accounts_of_persons([known.id]).get(known.id)
    unused = queries.account(there) if there is not None else None
    if unused is not None and (unused.state is not AccountState.INVITED or unused.password_set_at is not None):
        said = _("%(name)s已有账号。请核实后让其用原来的账号登录，或为原来的账号发送重置链接；这次注册请点“本人已有账号”。", name=known.name)
        raise AccountRefused(said, field="reason", code="account_exists")
    decided = persons.pair(claimant.id, known.id)
    if decided is not None and decided.decision is PairDecision.DIFFERENT:
        raise AccountRefused(_("两人已判定为不同的人，请由省人社厅或系统管理员改判。"), field="reason", code="decided_different")
    if unused is not None:  # opened for them and never used: whoever has its link comes into nothing any more
        close_account(account=unused, by=by, now=now)
    people.unsay_number(claimant)
    claim = _decide(found, ClaimState.CONFIRMED, CONFIRMED, reason, by=by, now=now)
    people.note_decision(first_id=claimant.id, second_id=known.id, decision=PairDecision.SAME, reason=reason, by=by, now=now)
    return claim


def refuse_claim(*, claim_id: int, reason: str, by: Identity, today: date, now: datetime, is_other: bool = True) -> NumberClaim:
    """Say that the holder of the account is not the person on file, or was not to be verified; the holder reads why. Where both look the same it is noted that
    they differ, so that the person on file can be invited; not so where they are one human who has an account already (`is_other` False). Raises NotFound, GrantRefused, AccountRefused without a reason."""
    found = _looked_at(claim_id, ClaimState.REFUSED, reason, by, today)
    if isinstance(found, NumberClaim):
        return found
    claimant, known = found.claimant, found.known
    people.unsay_number(claimant, found.claim.before)
    looks_same = claimant.birth_on is not None and (claimant.name, claimant.birth_on) == (known.name, known.birth_on)
    if is_other and looks_same and persons.pair(claimant.id, known.id) is None:
        people.note_decision(first_id=claimant.id, second_id=known.id, decision=PairDecision.DIFFERENT, reason=reason, by=by, now=now)
    return _decide(found, ClaimState.REFUSED, REFUSED, reason, by=by, now=now)


def _looked_at(claim_id: int, state: ClaimState, reason: str, by: Identity, today: date) -> Claimed | NumberClaim:
    """The claim that `by` may decide; or the claim alone where it was decided so before, by them or before an operator: said twice it is said once."""
    hold("people.pairs")  # two who decide at once, if only on two claims of one number: the second finds it decided
    decided = queries.number_claim(claim_id)
    if decided is not None and decided.state is not ClaimState.OPEN and (_decides_all(by) or decided.decided_by_id == by.account_id):
        if decided.state is state:
            return decided
        said = _(
            "这项注册已经办理（%(state)s），不能再改。确实有误的，请由省人社厅或系统管理员在“疑似同一人”中改判。", state=CLAIM_STATES[decided.state]
        )
        raise AccountRefused(said, field="reason", code="decided")
    found = open_claim(claim_id)
    if not _decides_all(by) and not _may_decide(found.known, by, today):
        raise GrantRefused(_("登记的人员不由你的单位一家负责，请由省人社厅或系统管理员核实。"), code="belongs_elsewhere")
    if queries.is_same_holder(by.account_id, found.account.id) or persons.is_same_human(by.person_id, found.known.id):
        raise GrantRefused(_("不能核实自己的注册，请由另一位管理员办理。"), code="own_claim")
    if len(reason.strip()) < WORDS_MIN:
        raise AccountRefused(
            _("请写明如何核实的（至少 %(n)s 个字），例如当面查验证件、电话回访。", n=WORDS_MIN), field="reason", code="reason_needed"
        )
    return found


def _decide(found: Claimed, state: ClaimState, message: str, reason: str, *, by: Identity, now: datetime) -> NumberClaim:
    claim = found.claim
    claim.state, claim.reason, claim.decided_at, claim.decided_by_id = state, reason.strip()[:400], now, by.account_id
    session().flush()
    audit.record(by=by, did=f"identity.claim.{state.value}", on=claim, data={"person": found.known.id, "reason": claim.reason})
    values = {"mask": claim.id_mask}
    tell(News(claim.account_id, "identity.claim", message, MY_DATA, f"claim:{claim.id}:{state.value}:{now.isoformat()}", values=values), now=now)
    return claim


def settle_claims(person_id: int, by: Identity, now: datetime) -> None:
    """What waits of a human is decided once an office stands behind a number of theirs: on that number, or on none any more. See `people.types.PROVED` and
    `HUMANS`."""
    human = persons.human_ids(person_id)
    proven = {row.id_number_hash for row in persons.persons_by_id(human).values() if row.id_number_hash is not None and not row.number_by_holder}
    if not proven:
        return
    for claim in queries.open_claims_of_persons(human):
        claim.state = ClaimState.CONFIRMED if claim.number_hash in proven else ClaimState.WITHDRAWN
        claim.decided_at, claim.decided_by_id = now, by.account_id
        session().flush()
        audit.record(by=by, did=f"identity.claim.{claim.state.value}", on=claim, data={"person": person_id, "reason": ""})


def masked(found: Collection[Claimed]) -> dict[int, list[str]]:
    """Where each claimant was reached, masked, by account."""
    addresses = queries.proven_addresses(one.account.id for one in found)
    return {key: [rules.mask_login(login.kind, login.value) for login in logins] for key, logins in addresses.items()}
