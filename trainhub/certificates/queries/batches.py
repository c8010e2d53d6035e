"""Every select on batches of certificates to issue."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from trainhub.certificates import chain
from trainhub.certificates.models import Certificate, IssueBatch, IssueItem
from trainhub.certificates.permissions import CHANGERS
from trainhub.certificates.queries.issued import says_same
from trainhub.certificates.queries.scoping import by_host
from trainhub.certificates.types import BatchSource, BatchState, Kind, State
from trainhub.identity.models import Account
from trainhub.identity.queries import accounts_of_holder
from trainhub.kernel.access import Identity, Subject
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student


def batch_by_id(batch_id: int) -> IssueBatch | None:
    """A batch by its id."""
    return session().get(IssueBatch, batch_id)


def batch_of_job(job_id: int) -> IssueBatch | None:
    """The batch that a job has put together, until the decision: from then on it names the job that issues."""
    return session().scalar(select(IssueBatch).where(IssueBatch.job_id == job_id).limit(1))


def subject_of_batch(batch: IssueBatch) -> Subject:
    """A batch belongs to its issuer."""
    issuer = organisations.by_id(batch.issuer_id)
    assert issuer is not None
    return organisations.subject_of(issuer)


@dataclass(frozen=True, slots=True)
class BatchFilter:
    """What the list of batches is narrowed by."""

    text: str = ""
    kind: Kind | None = None
    source: BatchSource | None = None
    state: BatchState | None = None


BATCH_SORTS: dict[str, tuple[Any, ...]] = {
    "asked": (IssueBatch.asked_at,),
    "title": (IssueBatch.title,),
    "issuer": (Organisation.pinyin, Organisation.name),
    "count": (IssueBatch.count,),
    "state": (IssueBatch.state,),
}


def batches_listing(identity: Identity, wanted: BatchFilter, sort: str = "") -> Any:
    """(batch, issuer's name, name of who prepared it or None for a command) of the issuers in the reader's scope; what waits first, then the latest."""
    statement = (
        select(IssueBatch, Organisation.name, Account.display_name)
        .join(Organisation, Organisation.id == IssueBatch.issuer_id)
        .outerjoin(Account, Account.id == IssueBatch.asked_by_id)
        .where(_in_scope(identity))
    )
    for column, value in ((IssueBatch.kind, wanted.kind), (IssueBatch.source, wanted.source), (IssueBatch.state, wanted.state)):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.text:
        statement = statement.where(organisations.matches(wanted.text, IssueBatch.title, Organisation.name, Organisation.pinyin))
    return organisations.ordered_or(statement, sort, BATCH_SORTS, IssueBatch.state != BatchState.PREPARED, IssueBatch.id.desc(), unique=IssueBatch.id)


def _in_scope(identity: Identity) -> ColumnElement[bool]:
    """Batches of the issuers in the reader's scope. The statement joins the issuer."""
    return organisations.scope(
        identity,
        CHANGERS,
        organisations=(IssueBatch.issuer_id, Organisation.parent_id, by_host(IssueBatch.issuer_id)),
        region=Organisation.region_code,
    )


def count_undecided(identity: Identity) -> int:
    """How many batches in the reader's scope wait for a second person."""
    statement = select(func.count()).select_from(IssueBatch).join(Organisation, Organisation.id == IssueBatch.issuer_id)
    return session().scalar(statement.where(IssueBatch.state == BatchState.PREPARED, _in_scope(identity))) or 0


def count_to_decide(identity: Identity) -> int:
    """How many of them the reader may decide: somebody else prepared them, and none of their certificates is the reader's own."""
    if identity.account_id is None:
        return 0
    statement = select(func.count()).select_from(IssueBatch).join(Organisation, Organisation.id == IssueBatch.issuer_id)
    statement = statement.where(
        IssueBatch.state == BatchState.PREPARED, _in_scope(identity), IssueBatch.asked_by_id.not_in(accounts_of_holder(identity.account_id))
    )
    if identity.person_id is not None:
        statement = statement.where(~exists().where(IssueItem.batch_id == IssueBatch.id, people.of_human(IssueItem.person_id, identity.person_id)))
    return session().scalar(statement) or 0


def issuing_choices(identity: Identity) -> list[tuple[int, str]]:
    """(id, name) of the organisations in whose name the reader may issue."""
    mine = organisations.scope(
        identity, CHANGERS, organisations=(Organisation.id, Organisation.parent_id, by_host(Organisation.id)), region=Organisation.region_code
    )
    statement = select(Organisation.id, Organisation.name).where(mine).order_by(Organisation.pinyin, Organisation.id)
    return [(key, name) for key, name in session().execute(statement)]


def is_named_in(batch_id: int, person_id: int | None) -> bool:
    """Whether one of the certificates of a batch is for this human."""
    if person_id is None:
        return False
    named = exists().where(IssueItem.batch_id == batch_id, people.of_human(IssueItem.person_id, person_id))
    return bool(session().scalar(select(named)))


def open_items(batch_id: int, limit: int) -> list[IssueItem]:
    """The next items without a certificate, in order."""
    statement = select(IssueItem).where(IssueItem.batch_id == batch_id, IssueItem.certificate_id.is_(None)).order_by(IssueItem.position).limit(limit)
    return list(session().scalars(statement))


def preparers_of(certificate: Certificate) -> list[int]:
    """The accounts that drew up the batches a certificate was issued from."""
    batches = [int(one["id"]) for one in certificate.evidence if one["kind"] == "batch"]
    statement = select(IssueBatch.asked_by_id).where(IssueBatch.id.in_(batches), IssueBatch.asked_by_id.is_not(None))
    return [key for key in session().scalars(statement) if key is not None] if batches else []


def count_open_items(batch_id: int) -> int:
    """How many items have no certificate yet."""
    return session().scalar(select(func.count()).where(IssueItem.batch_id == batch_id, IssueItem.certificate_id.is_(None))) or 0


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item with the person's name and the certificate that was issued, or known before."""

    item: IssueItem
    name: str
    number: str | None
    state: Any
    is_dropped: bool | None = False


def items_listing(batch_id: int, *, only_waiting: bool = False) -> Any:
    """The items of a batch, see `as_item_row`; those that wait for a person first."""
    is_dropped = and_(Certificate.state == State.DRAFT, Certificate.is_current.is_(False))
    statement = (
        select(IssueItem, Person.name, Certificate.number, Certificate.state, is_dropped)
        .join(Person, Person.id == IssueItem.person_id)
        .outerjoin(Certificate, Certificate.id == IssueItem.certificate_id)
        .where(IssueItem.batch_id == batch_id)
        .order_by((IssueItem.note == ""), IssueItem.position)
    )
    return statement.where(IssueItem.note != "") if only_waiting else statement


def waiting_items(batch_id: int, limit: int) -> list[ItemRow]:
    """The first items that would be printed wrong."""
    return [ItemRow(*row) for row in session().execute(items_listing(batch_id, only_waiting=True).limit(limit))]


def waiting_by_note(batch_id: int) -> dict[str, int]:
    """How many items of a batch wait, by what for."""
    statement = select(IssueItem.note, func.count()).where(IssueItem.batch_id == batch_id, IssueItem.note != "").group_by(IssueItem.note)
    return {note: count for note, count in session().execute(statement)}


def as_item_row(row: Any) -> ItemRow:
    """A row of `items_listing`."""
    return ItemRow(*row)


def table_of(batch_id: int) -> bytes:
    """The list of a batch as its checksum was taken of what was selected: canonical JSON, one row a person, in order."""
    statement = select(IssueItem.person_id, IssueItem.facts, IssueItem.evidence).where(IssueItem.batch_id == batch_id).order_by(IssueItem.position)
    return chain.table(session().execute(statement))


def open_correction(certificate_id: int) -> IssueBatch | None:
    """The correction of a certificate that waits for a second person."""
    statement = select(IssueBatch).where(IssueBatch.replaces_id == certificate_id, IssueBatch.state == BatchState.PREPARED)
    return session().scalar(statement.limit(1))


def _asks_for(batch: IssueBatch, one: Any = Certificate) -> Any:
    """SQL, for a statement that joins the item's person: a certificate is the one an item asks for, under its name or that of the one who stands for its person,
    or issued by a rule, another list or to a person merged since, with facts that name the same thing."""
    holder = func.coalesce(Person.merged_into_id, Person.id)
    same = and_(one.person_id == holder, one.kind == batch.kind, one.issuer_id == batch.issuer_id, says_same(batch.kind, IssueItem.facts, one.facts))
    return or_(one.asked_key == IssueItem.asked_key, same)


def _known(batch: IssueBatch, one: Any = Certificate) -> Any:
    return and_(one.is_current.is_(True), _asks_for(batch, one))


def _items_with(batch: IssueBatch, *columns: Any) -> Any:
    return select(*columns).select_from(IssueItem).join(Person, Person.id == IssueItem.person_id).where(IssueItem.batch_id == batch.id)


def _led_on(batch: IssueBatch, *narrowed: ColumnElement[bool]) -> dict[int, tuple[int, State]]:
    """By the position of items that ask for what was corrected since: (id, state) of the certificate that took its place, one that stands first.

    A list handed in again word for word asks for the same thing, not for one more. One that differs in any fact from what was corrected (earned in
    truth since, in another class) asks for its own.
    """
    now = aliased(Certificate)
    statement = _items_with(batch, IssueItem.position, Certificate.id, IssueItem.facts, Certificate.facts).join(Certificate, _asks_for(batch))
    statement = statement.where(Certificate.state == State.SUPERSEDED, ~exists().where(_known(batch, now)), *narrowed)
    rows = session().execute(statement.order_by(IssueItem.position, Certificate.id))
    asked: list[tuple[int, int]] = [(position, before) for position, before, wanted, said in rows if wanted.items() <= said.items()]
    heads = _successors({before for _position, before in asked})
    found: dict[int, tuple[int, State]] = {}
    for position, before in asked:
        head = heads.get(before)
        if head is not None and (position not in found or (found[position][1] is State.REVOKED and head[1] is not State.REVOKED)):
            found[position] = head
    return found


def _successors(superseded: Collection[int]) -> dict[int, tuple[int, State]]:
    """(id, state) of the current certificate at the end of the line of each of these."""
    found: dict[int, tuple[int, State]] = {}
    first_of = {key: key for key in superseded}
    while first_of:
        wanted, after = sorted(first_of), {}
        for start in range(0, len(wanted), 500):
            columns: tuple[Any, ...] = (Certificate.replaces_id, Certificate.id, Certificate.state, Certificate.is_current)
            for replaced, key, state, is_current in session().execute(
                select(*columns).where(Certificate.replaces_id.in_(wanted[start : start + 500]))
            ):
                if is_current:
                    found[first_of[replaced]] = (key, state)
                else:
                    after[key] = first_of[replaced]
        first_of = after
    return found


def known_in(batch: IssueBatch) -> int:
    """How many of a batch's items are certified already: they will be linked, not issued again. What waits was not issued: see `drafts_in`."""
    standing = exists().where(_known(batch), Certificate.state.not_in((State.REVOKED, State.DRAFT)))
    led = sum(state is not State.REVOKED for _id, state in _led_on(batch).values())
    return (session().scalar(_items_with(batch, func.count()).where(standing)) or 0) + led


@dataclass(frozen=True, slots=True)
class Unlike:
    """An item whose certificate stands already and says otherwise: the list issues none, so somebody has to correct that one."""

    holder: str
    number: str
    fields: tuple[str, ...]


def unlike_in(batch: IssueBatch) -> list[Unlike]:
    """The items of a batch that are certified already with other facts, in order; what only one of the two states is no contradiction."""
    statement = _items_with(batch, IssueItem.facts, Certificate.facts, Certificate.holder, Certificate.number).join(Certificate, _known(batch))
    found = []
    for wanted, said, holder, number in session().execute(
        statement.where(Certificate.state.not_in((State.REVOKED, State.DRAFT))).order_by(IssueItem.position)
    ):
        fields = tuple(name for name, value in wanted.items() if said.get(name) not in (None, value))
        if fields:
            found.append(Unlike(holder, number, fields))
    return found


@dataclass(frozen=True, slots=True)
class Waiting:
    """A certificate of the kind that waits for somebody of the list. `is_same`: the list asks for that very one and will be linked to it; else it
    may be what the list puts right, and both would be issued in the end."""

    holder: str
    number: str
    is_same: bool


def drafts_in(batch: IssueBatch) -> list[Waiting]:
    """What waits of the batch's kind and issuer for those it names, each once, in the order of the numbers.

    Asked by the person and by the name of the thing apart: joined by either, a long list would be held against every certificate there is.
    """
    holder = func.coalesce(Person.merged_into_id, Person.id)
    mine = and_(Certificate.person_id == holder, Certificate.kind == batch.kind, Certificate.issuer_id == batch.issuer_id)
    named = Certificate.asked_key == IssueItem.asked_key
    found: dict[str, Waiting] = {}
    for joined, same in ((mine, _asks_for(batch)), (named, literal(value=True))):
        statement = _items_with(batch, Certificate.number, Certificate.holder, same).join(Certificate, joined)
        for number, name, is_same in session().execute(statement.where(Certificate.state == State.DRAFT, Certificate.is_current.is_(True))):
            found[number] = Waiting(name, number, bool(is_same) or (number in found and found[number].is_same))
    return [found[number] for number in sorted(found)]


def revoked_in(batch: IssueBatch) -> int:
    """How many of a batch's items ask for what was revoked and does not stand otherwise: a list issues none of these again."""
    standing = exists().where(_known(batch), Certificate.state != State.REVOKED)
    revoked = exists().where(_known(batch), Certificate.state == State.REVOKED)
    led = sum(state is State.REVOKED for _id, state in _led_on(batch).values())
    return (session().scalar(_items_with(batch, func.count()).where(revoked, ~standing)) or 0) + led


def known_of(batch: IssueBatch, positions: Collection[int]) -> dict[int, int]:
    """The id of the certificate that each of these items asks for, where there is one: what stands before what waits or was revoked, then the first,
    then what took the place of one that said so before it was corrected."""
    rank = case((Certificate.state.in_((State.ISSUED, State.SUSPENDED)), 0), (Certificate.state == State.DRAFT, 1), else_=2)
    statement = _items_with(batch, IssueItem.position, Certificate.id).join(Certificate, _known(batch)).where(IssueItem.position.in_(positions))
    found: dict[int, int] = {}
    for position, certificate_id in session().execute(statement.order_by(IssueItem.position, rank, Certificate.id)):
        found.setdefault(position, certificate_id)
    led = _led_on(batch, IssueItem.position.in_(positions))
    return found | {position: key for position, (key, _state) in led.items()}


def programmes_of(person_ids: Iterable[int]) -> dict[int, int]:
    """The programme of those who study in exactly one."""
    ids = sorted(set(person_ids))
    statement = (
        select(Student.person_id, func.max(Student.programme_id))
        .where(Student.person_id.in_(ids))
        .group_by(Student.person_id)
        .having(func.count() == 1)
    )
    return {person_id: programme_id for person_id, programme_id in session().execute(statement)}


def with_account(certificate_ids: Collection[int]) -> list[Certificate]:
    """Those of the certificates whose holders have an account."""
    has_account = exists().where(Account.person_id == Certificate.person_id)
    return list(session().scalars(select(Certificate).where(Certificate.id.in_(list(certificate_ids)), has_account).order_by(Certificate.id)))


def names_of_accounts(ids: Iterable[int | None]) -> dict[int, str]:
    """Display names of accounts."""
    wanted = [key for key in ids if key is not None]
    return {key: name for key, name in session().execute(select(Account.id, Account.display_name).where(Account.id.in_(wanted)))}


def first_items(batch_id: int, limit: int) -> list[IssueItem]:
    """The first items, issued or not."""
    return list(session().scalars(select(IssueItem).where(IssueItem.batch_id == batch_id).order_by(IssueItem.position).limit(limit)))
