"""Selects on numbers that holders of accounts said of themselves, beside whoever stands under the number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from trainhub.identity.models import Account, LoginName, NumberClaim
from trainhub.identity.types import AccountState, ClaimState, LoginKind
from trainhub.kernel.db import session
from trainhub.people.models import FormerNumber, Person


@dataclass(frozen=True, slots=True)
class Claimed:
    """An open claim: who said the number, and the person on file whose number it is."""

    claim: NumberClaim
    account: Account
    claimant: Person
    known: Person


def open_claims(claim_id: int | None = None) -> list[Claimed]:
    """The open claims on a number that an office brought for somebody else, or corrected for them since, the oldest first, or the one of an id. Of who was
    merged the row that stayed is named; a claim on whom nobody stands under is not among them, nor of who has a proven number."""
    claimant, holder, stays, named = aliased(Person), aliased(Person), aliased(Person), func.coalesce
    holds = select(Person.id).where(Person.id_number_hash == NumberClaim.number_hash).correlate(NumberClaim).exists()
    chosen = (
        select(NumberClaim, Account, claimant, holder, stays)
        .join(Account, Account.id == NumberClaim.account_id)
        .join(claimant, claimant.id == Account.person_id)
    )
    found = []
    for statement in (
        chosen.join(holder, holder.id_number_hash == NumberClaim.number_hash),
        chosen.join(FormerNumber, FormerNumber.number_hash == NumberClaim.number_hash).join(holder, holder.id == FormerNumber.person_id).where(~holds),
    ):
        waits = statement.outerjoin(stays, stays.id == holder.merged_into_id).where(
            NumberClaim.state == ClaimState.OPEN,
            Account.state != AccountState.DELETED,
            holder.number_by_holder.is_(False),
            or_(claimant.number_by_holder.is_(True), claimant.id_number_hash.is_(None)),
            named(claimant.merged_into_id, claimant.id) != named(holder.merged_into_id, holder.id),
        )
        if claim_id is not None:
            waits = waits.where(NumberClaim.id == claim_id)
        found += [Claimed(claim, account, said, stayed or held) for claim, account, said, held, stayed in session().execute(waits)]
    return sorted(found, key=lambda one: (one.claim.id, one.known.id))


def number_claim(claim_id: int) -> NumberClaim | None:
    """A claim by id as it stands now, locked."""
    statement = select(NumberClaim).where(NumberClaim.id == claim_id).with_for_update().execution_options(populate_existing=True)
    return session().scalar(statement)


def open_claims_of_persons(person_ids: Iterable[int]) -> list[NumberClaim]:
    """What the accounts of these rows of persons claim and nobody decided."""
    statement = select(NumberClaim).join(Account, Account.id == NumberClaim.account_id).where(NumberClaim.state == ClaimState.OPEN)
    return list(session().scalars(statement.where(Account.person_id.in_(sorted(set(person_ids)))).order_by(NumberClaim.id)))


def claim_of(account_id: int, number_hash: str) -> NumberClaim | None:
    """What an account said of a number."""
    return session().scalar(select(NumberClaim).where(NumberClaim.account_id == account_id, NumberClaim.number_hash == number_hash))


def proven_addresses(account_ids: Iterable[int]) -> dict[int, list[LoginName]]:
    """The e-mails and telephones at which holders of accounts were reached by a code or a link."""
    wanted, found = sorted(set(account_ids)), dict[int, list[LoginName]]()
    for start in range(0, len(wanted), 900):
        kinds = (LoginName.kind.in_((LoginKind.EMAIL, LoginKind.PHONE)), LoginName.verified_at.is_not(None))
        rows = session().scalars(select(LoginName).where(LoginName.account_id.in_(wanted[start : start + 900]), *kinds).order_by(LoginName.id))
        for row in rows:
            found.setdefault(row.account_id, []).append(row)
    return found
