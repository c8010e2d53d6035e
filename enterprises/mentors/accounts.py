"""The account of a mentor that the own enterprise opened or reset: it signs for a school once a code of a school has proven its holder.

Who opens or resets an account is shown the link into it, and an address that only they control is sent it. So such an account may do everything but
what counts for a school, which asks `demand_proven`; the code is the one of one-time links (`proving`), made by the school and told the mentor alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from enterprises.mentors import proof_queries, proving, queries
from enterprises.mentors.models import MentorProof
from enterprises.mentors.proof_queries import Waiting
from enterprises.permissions import SCHOOL
from trainhub.identity import operations as identity
from trainhub.identity import queries as identities
from trainhub.identity.models import Account
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import add_once, session
from trainhub.kernel.errors import NotAllowed, NotFound, Refused, Stale
from trainhub.kernel.i18n import _, _l
from trainhub.people import queries as people

CODE_LASTS = timedelta(days=60)
"""How long a code may be typed in: a list is printed once a term and handed over on visits."""
HOSTS = (Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER)


class NotProven(NotAllowed):
    """An account that its enterprise opened or reset signs nothing yet; the page that helps is named."""

    code = "not_proven"
    page = ("mentors.proof", _l("输入学校的核对码"))


class WrongCode(Refused):
    """A code that proves nobody."""

    code = "code_wrong"


@dataclass(frozen=True, slots=True, repr=False)
class Code:
    """A code as it is handed over; shown once, never stored readable."""

    account_id: int
    name: str
    enterprise: str
    code: str
    until: datetime


def demand_proven(by: Identity) -> None:
    """Refuse a signature by an account that only the enterprise vouches for: what every act of a mentor that counts for a school asks. Raises NotProven."""
    if (refused := against_signing(by)) is not None:
        raise refused


def against_signing(by: Identity) -> NotProven | None:
    """Why somebody signs nothing yet, for a page to say before a form is filled in; None when they may."""
    if not proof_queries.is_unproven(by):
        return None
    return NotProven(
        _("你的账号由企业开通或重置，还没有经学校核对本人，暂时不能确认实习日、评分或签署。请向学校专业负责人要六位核对码，输入一次即可。")
    )


def _key(account_id: int) -> str:
    return f"account:{account_id}:"


def make_codes(*, account_ids: Collection[int], by: Identity, now: datetime) -> list[Code]:
    """New codes for mentors who sign for students of `by`'s programmes and schools, to be told each alone; shown only now, earlier ones are void.

    Who is proven meanwhile is left out. Raises NotAllowed where `by` opened the account, is of the mentor's enterprise, or is the mentor.
    """
    rows = proof_queries.waiting(by, account_ids=account_ids)
    if not by.has(*SCHOOL):
        raise NotAllowed(_("核对码只由学校的专业或学校管理人员生成，并直接告诉企业指导教师本人；企业联系人不能生成。"))
    for refused in against_makers(rows, by).values():
        raise refused
    made = []
    for row in sorted(rows, key=lambda one: one.account_id):  # two who make codes at once wait in one order
        proof = _proof(row.account_id)
        session().refresh(proof, with_for_update=True)  # two codes at once: the later one is the one that holds
        code, proof.failures = proving.seal_code(proof, key=_key(row.account_id), by=by, now=now), 0
        audit.record(by=by, did="mentors.account_code.made", on=("account", str(row.account_id)), data={"person": row.person_id})
        made.append(Code(row.account_id, row.name, row.enterprise, code, now + CODE_LASTS))
    session().flush()
    order = {row.account_id: place for place, row in enumerate(rows)}
    return sorted(made, key=lambda one: order[one.account_id])


def against_makers(rows: Collection[Waiting], by: Identity) -> dict[int, NotAllowed]:
    """By account why `by` makes no code for its mentor; who may is not in it. As many queries for a list as for one."""
    ids = [row.person_id for row in rows]
    same = people.rows_of_humans(ids if by.person_id is None else [by.person_id, *ids])
    mine = same.get(by.person_id or 0, frozenset())
    held = set() if by.account_id is None else set(identities.accounts_of_holder(by.account_id))
    hosted = _hosted(same, by)
    refused = {}
    for row in rows:
        if row.person_id in mine or row.handled_by_id in held:
            refused[row.account_id] = NotAllowed(_("%(name)s的账号是你开通或重置的，或就是你本人，核对码须由学校的另一人生成。", name=row.name))
        elif not same[row.person_id].isdisjoint(hosted):
            refused[row.account_id] = NotAllowed(_("你也是%(name)s所在企业的联系人或中心负责人，核对码须由学校的另一人生成。", name=row.name))
    return refused


def _hosted(same: Mapping[int, Collection[int]], by: Identity) -> set[int]:
    """The rows of these humans who are mentors of an enterprise that `by` coordinates or leads a base of; each enterprise is judged once."""
    if not by.has(*HOSTS):
        return set()
    rows = queries.of_persons({row for of_one in same.values() for row in of_one})
    judged = {mentor.enterprise_id: mentor for mentor in rows}
    own = {key for key, mentor in judged.items() if by.over(queries.subject_of(mentor), *HOSTS)}
    return {mentor.person_id for mentor in rows if mentor.enterprise_id in own}


def hosted_by(person_ids: Collection[int], by: Identity) -> bool:
    """Whether one of these humans is a mentor of an enterprise that `by` coordinates or leads a base of."""
    return bool(_hosted(people.rows_of_humans(person_ids), by))


def _proof(account_id: int) -> MentorProof:
    known = proof_queries.proof_of(account_id)
    if known is None:
        known = MentorProof(account_id=account_id)
        add_once(known, lambda: Stale(_("刚有人为同一位指导教师生成了核对码，请刷新后再试。")))
    return known


def against_proof(account: Account, proof: MentorProof | None, *, now: datetime) -> Refused | None:
    """Why no code can be typed in: none was made since the account was last handled, it is too old, or too many were tried."""
    handled = account.handled_at
    if proof is None or proof.code_hash is None or proof.code_made_at is None or (handled is not None and proof.code_made_at < handled):
        return WrongCode(_("学校还没有为你生成核对码。请联系下面的专业负责人，由他直接告诉你本人。"), code="no_code")
    if proof.failures >= proving.TRIES:
        return WrongCode(_("核对码输错次数过多，已作废。请学校重新生成。"), code="code_void")
    if proof.code_made_at + CODE_LASTS <= now:
        return WrongCode(_("核对码已过期。请学校重新生成。"), code="code_expired")
    return None


def is_known(account: Account, code: str, *, now: datetime) -> bool:
    """Whether a code proves the holder of an account; the caller counts a wrong one (`proving.count_failure`) and then says so."""
    proof = proof_queries.proof_of(account.id)
    return proof is not None and against_proof(account, proof, now=now) is None and proving.knows_code(proof, key=_key(account.id), code=code)


def prove(*, account: Account, code: str, password: str, foreign: Iterable[int] = (), by: Identity, now: datetime) -> MentorProof:
    """Prove the holder of an account by a school's code, once, and leave nobody else a way into it (`own_alone`): whoever opened it may know its
    password. A repeat changes nothing. Raises WrongCode, PasswordRefused, AccountRefused, NotFound for somebody else's account.
    """
    if by.account_id != account.id or by.token_scopes is not None:
        raise NotFound(_("没有这个账号。"))
    proof = proof_queries.proof_of(account.id)
    if proof is not None:
        session().refresh(proof, with_for_update=True)
    if not proof_queries.is_unproven(by):
        if proof is None or proof.proven_at is None:
            raise NotFound(_("你的账号不需要核对本人。"))
        return proof
    refused = against_proof(account, proof, now=now)
    if refused is not None:
        raise refused
    assert proof is not None
    if not proving.knows_code(proof, key=_key(account.id), code=code):
        raise WrongCode(_("核对码不正确。请与学校给你的六位数字核对。"), field="code")
    identity.own_alone(account=account, password=password, foreign=foreign, by=by, now=now)
    maker = proof.code_made_by_id
    proof.proven_at, proof.code_hash, proof.failures = now, None, 0
    session().flush()
    audit.record(by=by, did="mentors.account.proven", on=("account", str(account.id)), data={"code_by": maker})
    return proof
