"""Every select on certificates: by number, for their holders, for issuers, for visitors."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import aliased

from trainhub.certificates.facts import own_fact
from trainhub.certificates.models import Certificate
from trainhub.certificates.permissions import CHANGERS, VIEWERS, Can
from trainhub.certificates.queries.scoping import by_host
from trainhub.certificates.rules import TELLS_APART, is_twice
from trainhub.certificates.states import PUBLIC
from trainhub.certificates.types import Kind, State
from trainhub.kernel.access import Identity, Subject, may
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person
from trainhub.programmes.models import Programme

# -- one certificate ----------------------------------------------------------------------------------------------------


def by_id(certificate_id: int) -> Certificate | None:
    """An edition by its id."""
    return session().get(Certificate, certificate_id)


def by_asked_key(asked_key: str) -> Certificate | None:
    """The current certificate for what was asked."""
    return session().scalar(select(Certificate).where(Certificate.asked_key == asked_key, Certificate.is_current.is_(True)))


def by_asked_keys(asked_keys: Iterable[str]) -> dict[str, Certificate]:
    """The current certificates for several, by what was asked; asked in portions."""
    wanted, found = sorted(set(asked_keys)), {}
    for start in range(0, len(wanted), 500):
        statement = select(Certificate).where(Certificate.asked_key.in_(wanted[start : start + 500]), Certificate.is_current.is_(True))
        found.update({row.asked_key: row for row in session().scalars(statement)})
    return found


def says_same(kind: Kind, facts: Any, other: Any = Certificate.facts) -> ColumnElement[bool]:
    """SQL: a certificate of the kind names the same thing as these facts (a column or values), see `rules.TELLS_APART`."""
    same = [_fact(other, name) == _fact(facts, name) for name in TELLS_APART.get(kind, ())]
    return and_(*same) if same else false()


def _fact(facts: Any, name: str) -> Any:
    return str(facts.get(name) or "") if isinstance(facts, Mapping) else func.coalesce(facts[name].as_string(), "")


def of_same_thing(kind: Kind, issuer_id: int, person_id: int, facts: Mapping[str, Any], states: Collection[State]) -> list[Certificate]:
    """The current certificates of these states that the human has of the issuer for the same thing, whoever issued them, the first first.

    A merging of persons moves certificates to the one who stays, so that one is asked for whichever row is named.
    """
    statement = select(Certificate).where(
        Certificate.person_id == people.human_id(person_id),
        Certificate.kind == kind,
        Certificate.issuer_id == issuer_id,
        Certificate.is_current.is_(True),
        Certificate.state.in_(states),
        says_same(kind, facts),
    )
    return list(session().scalars(statement.order_by(Certificate.id)))


@dataclass(frozen=True, slots=True)
class Ahead:
    """Certificates that stand and are dated later than a day: how many, and the latest date."""

    count: int
    latest: date | None


def dated_after(day: date) -> Ahead:
    """Those dated later than a day; walks the index of the dates from its end, where nothing lies as a rule."""
    statement = select(func.count(), func.max(Certificate.issued_on)).where(
        Certificate.issued_on > day, Certificate.state.in_((State.ISSUED, State.SUSPENDED))
    )
    count, latest = session().execute(statement).one()
    return Ahead(count, latest)


def by_number(number: str) -> Certificate | None:
    """The latest edition of a number, whatever its state."""
    return session().scalar(select(Certificate).where(Certificate.number == number).order_by(Certificate.edition.desc()).limit(1))


def by_number_and_code(number: str, code: str) -> Certificate | None:
    """The edition that carries this code; an old edition keeps its own. Drafts are not found."""
    return session().scalar(select(Certificate).where(Certificate.number == number, Certificate.code == code, Certificate.state.in_(PUBLIC)).limit(1))


def of_person(person_id: int) -> list[Certificate]:
    """The current certificates of a person, the latest first; drafts are left out."""
    statement = (
        select(Certificate)
        .where(Certificate.person_id == person_id, Certificate.is_current.is_(True), Certificate.state.in_(PUBLIC))
        .order_by(Certificate.issued_on.desc(), Certificate.id.desc())
    )
    return list(session().scalars(statement))


def editions_of(number: str) -> list[Certificate]:
    """Every edition of a number, the first first."""
    return list(session().scalars(select(Certificate).where(Certificate.number == number).order_by(Certificate.edition)))


def editions_of_each(numbers: Iterable[str]) -> dict[str, list[Certificate]]:
    """Every edition of each number that is known, the first first; in one query."""
    statement = select(Certificate).where(Certificate.number.in_(sorted(set(numbers)))).order_by(Certificate.edition)
    found: dict[str, list[Certificate]] = {}
    for one in session().scalars(statement):
        found.setdefault(one.number, []).append(one)
    return found


def successor_of(certificate: Certificate) -> Certificate | None:
    """The edition or correction that took its place."""
    statement = select(Certificate).where(Certificate.replaces_id == certificate.id).order_by(Certificate.id).limit(1)
    return session().scalar(statement)


def twins_of(certificate: Certificate) -> list[Certificate]:
    """Other valid certificates of the same human for the same thing, see `rules.is_twice`: issued to two persons who turned out to be
    one, or by a rule and from a list. Which of them is revoked is for the issuer to say.
    """
    if certificate.state is not State.ISSUED or not certificate.is_current:
        return []
    statement = select(Certificate).where(
        Certificate.person_id == certificate.person_id,
        Certificate.id != certificate.id,
        Certificate.kind == certificate.kind,
        Certificate.issuer_id == certificate.issuer_id,
        Certificate.is_current.is_(True),
        Certificate.state == State.ISSUED,
    )
    mine = (certificate.asked_key, certificate.facts)
    others = session().scalars(statement.order_by(Certificate.id))
    return [one for one in others if is_twice(certificate.kind, mine, (one.asked_key, one.facts))]


# -- scopes -------------------------------------------------------------------------------------------------------------


def _by_parent(ids: Collection[int]) -> ColumnElement[bool]:
    return Certificate.issuer_id.in_(select(Organisation.id).where(Organisation.parent_id.in_(ids)))


def _scope(identity: Identity, roles: Collection[Any], **persons: Any) -> ColumnElement[bool]:
    at = aliased(Organisation)  # lists join the issuer themselves
    here = select(at.region_code).where(at.id == Certificate.issuer_id).correlate(Certificate).scalar_subquery()
    return organisations.scope(
        identity,
        roles,
        organisations=(Certificate.issuer_id, _by_parent, by_host(Certificate.issuer_id)),
        programmes=(Certificate.programme_id,),
        region=here,
        **persons,
    )


def visible_to(identity: Identity) -> ColumnElement[bool]:
    """Certificates of issuers, programmes and regions in the reader's scope, and the reader's own."""
    return _scope(identity, VIEWERS, persons=(Certificate.person_id,))


def subject_of(certificate: Certificate) -> Subject:
    """What permissions are judged on: the issuer (its parent, hosts and region), the programme, the holder."""
    issuer = organisations.by_id(certificate.issuer_id)
    assert issuer is not None
    return _subject(certificate, organisations.subject_of(issuer))


def may_know_of(reader: Identity | None, certificate: Certificate) -> bool:
    """Whether a reader may learn that it exists: of a draft only who sees the issuer's certificates in lists, the holder not before it is issued."""
    if certificate.state is not State.DRAFT:
        return True
    return may(reader, Can.VIEW, replace(subject_of(certificate), persons=frozenset()))


def subjects_of(certificates: Collection[Certificate]) -> dict[int, Subject]:
    """The same for several, by id."""
    issuers = organisations.subjects_of(one.issuer_id for one in certificates)
    return {one.id: _subject(one, issuers[one.issuer_id]) for one in certificates}


def _subject(certificate: Certificate, above: Subject) -> Subject:
    return Subject.of(
        organisations=above.organisations, regions=above.regions, programmes=(certificate.programme_id,), persons=(certificate.person_id,)
    )


# -- lists --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CertificateFilter:
    """What a list is narrowed by; `only_current` leaves out editions that another one replaced."""

    text: str = ""
    kind: Kind | None = None
    state: State | None = None
    issuer_id: int | None = None
    programme_id: int | None = None
    since: date | None = None
    until: date | None = None
    only_current: bool = True


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate in a list."""

    id: int
    number: str
    edition: int
    kind: Kind
    state: State
    state_on: date
    note: str
    holder: str
    issuer: str
    programme: str | None
    issued_on: date
    subject: str = ""
    """Course, topic or whatever tells it apart; only where it is asked for."""


SORTS: dict[str, tuple[Any, ...]] = {
    "number": (Certificate.number,),
    "holder": (Person.pinyin, Certificate.holder),
    "issued": (Certificate.issued_on,),
    "state": (Certificate.state, Certificate.state_on),
}


def clauses(identity: Identity, wanted: CertificateFilter) -> list[ColumnElement[bool]]:
    """What a list of certificates is narrowed by."""
    clauses = [visible_to(identity)]
    for column, value in (
        (Certificate.kind, wanted.kind),
        (Certificate.state, wanted.state),
        (Certificate.issuer_id, wanted.issuer_id),
        (Certificate.programme_id, wanted.programme_id),
    ):
        if value is not None:
            clauses.append(column == value)
    if wanted.since is not None:
        clauses.append(Certificate.issued_on >= wanted.since)
    if wanted.until is not None:
        clauses.append(Certificate.issued_on <= wanted.until)
    if wanted.only_current:
        clauses.append(Certificate.is_current.is_(True))
    if wanted.text:
        compact = "".join(wanted.text.split())
        clauses.append(
            or_(organisations.matches(wanted.text, Certificate.holder, Person.pinyin), Certificate.number.contains(compact, autoescape=True))
        )
    return clauses


COLUMNS = (
    Certificate.id,
    Certificate.number,
    Certificate.edition,
    Certificate.kind,
    Certificate.state,
    Certificate.state_on,
    Certificate.note,
    Certificate.holder,
    Organisation.name,
    Programme.name,
    Certificate.issued_on,
)
"""What `as_row` takes."""


def _rows(identity: Identity, wanted: CertificateFilter, *more: Any) -> Any:
    return (
        select(*COLUMNS, *more)
        .join(Person, Person.id == Certificate.person_id)
        .join(Organisation, Organisation.id == Certificate.issuer_id)
        .outerjoin(Programme, Programme.id == Certificate.programme_id)
        .where(*clauses(identity, wanted))
    )


def listing(identity: Identity, wanted: CertificateFilter, sort: str = "-issued") -> organisations.Statement:
    """The rows of the list, see `as_row`; the latest issued first unless sorted otherwise."""
    return organisations.ordered(_rows(identity, wanted), sort, SORTS, Certificate.id)


def as_row(row: Any) -> CertificateRow:
    """A row of `listing`."""
    return CertificateRow(*row)


WAITS = (Certificate.state == State.DRAFT, Certificate.is_current.is_(True))
"""SQL: a certificate waits for a person, and was not given up."""


def waiting(identity: Identity) -> Any:
    """The drafts in the reader's scope, the oldest first."""
    return select(Certificate).where(visible_to(identity), *WAITS).order_by(Certificate.id)


def count_waiting(identity: Identity) -> int:
    """How many drafts wait that the reader may issue."""
    statement = select(func.count()).select_from(Certificate).where(_scope(identity, CHANGERS), *WAITS)
    return session().scalar(statement) or 0


def waiting_ids(identity: Identity) -> list[int]:
    """Their ids."""
    return list(session().scalars(select(Certificate.id).where(visible_to(identity), *WAITS).order_by(Certificate.id)))


def every(identity: Identity, wanted: CertificateFilter, sort: str = "-issued") -> Iterator[CertificateRow]:
    """The whole list, for exports."""
    for row in session().execute(listing(identity, wanted, sort)):
        yield as_row(row)


def _both_ways() -> Any:
    """The persons who hold a certificate from a list beside one of a rule, of one kind and issuer: few, while most hold only one sort."""
    one, other = aliased(Certificate), aliased(Certificate)
    return (
        select(one.person_id)
        .join(other, and_(other.person_id == one.person_id, other.kind == one.kind, other.issuer_id == one.issuer_id))
        .where(
            *(each.is_current.is_(True) & (each.state == State.ISSUED) for each in (one, other)),
            or_(*(and_(one.kind == kind, one.asked_key.like(f"{kind.value}:%:person:%")) for kind in TELLS_APART)),
            and_(*(or_(other.kind != kind, other.asked_key.not_like(f"{kind.value}:%:person:%")) for kind in TELLS_APART)),
        )
    )


def doubled(identity: Identity) -> list[list[CertificateRow]]:
    """The valid certificates in the reader's scope that one human holds twice for one thing, together, by name; see `twins_of`."""
    merged = select(Person.merged_into_id).where(Person.merged_into_id.is_not(None))
    more = (Certificate.person_id, Certificate.issuer_id, Certificate.asked_key, Certificate.facts)
    statement = _rows(identity, CertificateFilter(state=State.ISSUED), *more)
    groups: dict[tuple[int, int, Kind], list[list[tuple[CertificateRow, tuple[str, Mapping[str, Any]]]]]] = {}
    for *values, person_id, issuer_id, asked_key, facts in session().execute(
        statement.where(or_(Certificate.person_id.in_(merged), Certificate.person_id.in_(_both_ways()))).order_by(
            Person.pinyin, Certificate.person_id, Certificate.id
        )
    ):
        row, mine = as_row((*values, own_fact(facts))), (asked_key, facts)
        here = groups.setdefault((person_id, issuer_id, row.kind), [])
        group = next((one for one in here if any(is_twice(row.kind, mine, theirs) for _row, theirs in one)), None)
        if group is None:
            here.append([(row, mine)])
        else:
            group.append((row, mine))
    return [[row for row, _mine in group] for here in groups.values() for group in here if len(group) > 1]


def counts_by_state(identity: Identity) -> dict[State, int]:
    """How many current certificates of each state the reader sees."""
    statement = select(Certificate.state, func.count()).where(visible_to(identity), Certificate.is_current.is_(True)).group_by(Certificate.state)
    return {state: count for state, count in session().execute(statement)}


def issuer_choices(identity: Identity) -> list[tuple[int, str]]:
    """The issuers of the certificates the reader sees."""
    ids = select(Certificate.issuer_id).where(visible_to(identity)).distinct()
    statement = select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)).order_by(Organisation.pinyin, Organisation.id)
    return [(key, name) for key, name in session().execute(statement)]


def names_of(certificate: Certificate) -> tuple[str, str | None]:
    """The names of today of issuer and programme."""
    statement = (
        select(Organisation.name, Programme.name)
        .select_from(Certificate)
        .join(Organisation, Organisation.id == Certificate.issuer_id)
        .outerjoin(Programme, Programme.id == Certificate.programme_id)
        .where(Certificate.id == certificate.id)
    )
    issuer, programme = session().execute(statement).one()
    return issuer, programme
