"""Selects on numbers that holders of accounts said of themselves, beside whoever stands under the number."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from trainhub.identity.models import Account, LoginName, NumberClaim
from trainhub.identity.types import AccountState, ClaimState, LoginKind
from trainhub.kernel.db import portions, session
from trainhub.people.models import FormerNumber, Person


@dataclass(frozen=True, slots=True)
class Claimed:
    """An open claim: who said the number, and the person on file whose number it is."""

    claim: NumberClaim
    account: Account
    claimant: Person
    known: Person

    @property
    def birth_on(self) -> date | None:
        """The birth date that the holder gave; not one that follows from the number they said."""
        if self.claim.before is None:
            return self.claimant.birth_on
        said = self.claim.before["birth_on"]
        return date.fromisoformat(said) if said else None


def open_claims(claim_ids: Collection[int] | None = None) -> list[Claimed]:
    """The open claims on a number that an office brought for somebody else, or corrected for them since, the oldest first, or those of some ids. Of who was
    merged the row that stayed is named; a claim on whom nobody stands under is not among them, nor of who has a proven number."""
    found = []
    for claimant, holder, stays, statement in _waiting():
        chosen = statement.add_columns(Account, claimant, holder, stays)
        if claim_ids is not None:
            chosen = chosen.where(NumberClaim.id.in_(sorted(claim_ids)))
        found += [Claimed(claim, account, said, stayed or held) for claim, account, said, held, stayed in session().execute(chosen)]
    return sorted(found, key=lambda one: (one.claim.id, one.known.id))


def open_keys(most: int | None = None) -> list[tuple[int, int]]:
    """The same as ids alone: of the claim and of the person on file; of each kind the oldest `most`."""
    found = list[tuple[int, int]]()
    for _claimant, holder, _stays, statement in _waiting():
        keys = statement.with_only_columns(NumberClaim.id, func.coalesce(holder.merged_into_id, holder.id), maintain_column_froms=True)
        found += [(claim_id, known_id) for claim_id, known_id in session().execute(keys.order_by(NumberClaim.id).limit(most))]
    return sorted(found)


@cache
def _waiting() -> tuple[tuple[Any, Any, Any, Any], ...]:
    """(claimant, holder, who stays of the holder, the select of claims): once by the number that is held, once by the one that was corrected."""
    found = []
    holds = select(Person.id).where(Person.id_number_hash == NumberClaim.number_hash).correlate(NumberClaim).exists()
    for is_former in (False, True):
        claimant, holder, stays, named = aliased(Person), aliased(Person), aliased(Person), func.coalesce
        statement = select(NumberClaim).join(Account, Account.id == NumberClaim.account_id).join(claimant, claimant.id == Account.person_id)
        if is_former:
            statement = statement.join(FormerNumber, FormerNumber.number_hash == NumberClaim.number_hash).where(~holds)
            statement = statement.join(holder, holder.id == FormerNumber.person_id)
        else:
            statement = statement.join(holder, holder.id_number_hash == NumberClaim.number_hash)
        statement = statement.outerjoin(stays, stays.id == holder.merged_into_id).where(
            NumberClaim.state == ClaimState.OPEN,
            Account.state != AccountState.DELETED,
            holder.number_by_holder.is_(False),
            or_(claimant.number_by_holder.is_(True), claimant.id_number_hash.is_(None)),
            named(claimant.merged_into_id, claimant.id) != named(holder.merged_into_id, holder.id),
        )
        found.append((claimant, holder, stays, statement))
    return tuple(found)


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
    for some in portions(wanted, 900):
        kinds = (LoginName.kind.in_((LoginKind.EMAIL, LoginKind.PHONE)), LoginName.verified_at.is_not(None))
        rows = session().scalars(select(LoginName).where(LoginName.account_id.in_(some), *kinds).order_by(LoginName.id))
        for row in rows:
            found.setdefault(row.account_id, []).append(row)
    return found
