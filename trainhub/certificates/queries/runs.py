"""Every select on print runs, their files and their blanks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Insert, Text, and_, cast, exists, func, insert, literal, or_, select

from trainhub.certificates.models import BlankSheet, Certificate, PrintChunk, PrintItem, PrintRun
from trainhub.certificates.permissions import PRINTERS
from trainhub.certificates.queries.issued import CertificateFilter, clauses
from trainhub.certificates.queries.scoping import by_host
from trainhub.certificates.rules import Reconciliation, reconcile
from trainhub.certificates.types import Kind, PrintMode, RunState, SheetState, State
from trainhub.kernel.access import Identity, Subject
from trainhub.kernel.db import session
from trainhub.kernel.jobs import Job, JobState
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student


def run_by_id(run_id: int) -> PrintRun | None:
    """A print run by its id."""
    return session().get(PrintRun, run_id)


def lock_run(run_id: int) -> PrintRun | None:
    """A print run as it stands now, kept from everybody else's changes until the transaction ends."""
    return session().scalar(select(PrintRun).where(PrintRun.id == run_id).with_for_update().execution_options(populate_existing=True))


def subject_of_issuer(issuer_id: int) -> Subject:
    """What permissions over an issuer's print runs and batches are judged on."""
    issuer = organisations.by_id(issuer_id)
    assert issuer is not None
    return organisations.subject_of(issuer)


def subject_of_run(run: PrintRun) -> Subject:
    """A run belongs to its issuer."""
    return subject_of_issuer(run.issuer_id)


def job_by_id(job_id: int | None) -> Job | None:
    """The job of a run or batch, as it stands now."""
    return session().get(Job, job_id) if job_id else None


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in the list, with the issuer's name and how many of its files are drawn."""

    run: PrintRun
    issuer: str
    files: int
    drawn: int

    @property
    def state(self) -> RunState:
        """How far it is."""
        if self.run.finished_at is None:
            return RunState.DRAWING
        return RunState.DRAWN if self.run.settled_at is None else RunState.SETTLED


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What the list of runs is narrowed by."""

    text: str = ""
    kind: Kind | None = None
    state: RunState | None = None


RUN_STATES: dict[RunState, tuple[ColumnElement[bool], ...]] = {
    RunState.DRAWING: (PrintRun.finished_at.is_(None),),
    RunState.DRAWN: (PrintRun.finished_at.is_not(None), PrintRun.settled_at.is_(None)),
    RunState.SETTLED: (PrintRun.finished_at.is_not(None), PrintRun.settled_at.is_not(None)),
}
RUN_SORTS: dict[str, tuple[Any, ...]] = {
    "asked": (PrintRun.asked_at,),
    "title": (PrintRun.title,),
    "issuer": (Organisation.pinyin, Organisation.name),
    "count": (PrintRun.count,),
}


def runs_listing(identity: Identity, wanted: RunFilter, sort: str = "") -> Any:
    """The runs of the issuers in the reader's scope, see `as_run_row`; the latest first unless sorted otherwise."""
    here = Organisation.region_code
    mine = organisations.scope(
        identity, PRINTERS, organisations=(PrintRun.issuer_id, Organisation.parent_id, by_host(PrintRun.issuer_id)), region=here
    )
    files = select(func.count()).where(PrintChunk.run_id == PrintRun.id).correlate(PrintRun).scalar_subquery()
    drawn = select(func.count(PrintChunk.finished_at)).where(PrintChunk.run_id == PrintRun.id).correlate(PrintRun).scalar_subquery()
    statement = (
        select(PrintRun, Organisation.name, files, drawn)
        .join(Organisation, Organisation.id == PrintRun.issuer_id)
        .where(mine, *(RUN_STATES[wanted.state] if wanted.state is not None else ()))
    )
    if wanted.kind is not None:
        statement = statement.where(PrintRun.kind == wanted.kind)
    if wanted.text:
        statement = statement.where(organisations.matches(wanted.text, PrintRun.title, Organisation.name, Organisation.pinyin))
    return organisations.ordered_or(statement, sort, RUN_SORTS, PrintRun.id.desc(), unique=PrintRun.id)


def as_run_row(row: Any) -> RunRow:
    """A row of `runs_listing`."""
    return RunRow(*row)


@dataclass(frozen=True, slots=True)
class Printable:
    """What the order of printing is decided by."""

    id: int
    number: str
    template: str
    template_version: int
    facts: dict[str, Any]
    class_name: str


@dataclass(frozen=True, slots=True)
class PrintFilter(CertificateFilter):
    """What is printed together: also only what one batch issued, only these numbers, only what no run has drawn or is drawing yet."""

    batch_id: int | None = None
    numbers: tuple[str, ...] = ()
    only_unprinted: bool = False


def _printable(identity: Identity, wanted: CertificateFilter, *columns: Any) -> Any:
    """The current, issued certificates of a choice."""
    found = select(*columns).select_from(Certificate).join(Person, Person.id == Certificate.person_id)
    narrower = list(_narrower(wanted)) if isinstance(wanted, PrintFilter) else []
    return found.where(*clauses(identity, wanted), Certificate.state == State.ISSUED, *narrower)


def _narrower(wanted: PrintFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.batch_id is not None:
        # Not by its items, which also name what a rule or another batch had issued before, and the old row of what was corrected or issued anew: the
        # batches on which a certificate rests are kept among its evidence by whatever takes its place. Keys are written in order, and JSONB gives them so.
        rests = f'"id": "{wanted.batch_id}", "kind": "batch"'
        yield cast(Certificate.evidence, Text).contains(rests, autoescape=True)
    if wanted.numbers:
        yield Certificate.number.in_(wanted.numbers)
    if wanted.only_unprinted:
        yield ~exists().where(PrintItem.certificate_id == Certificate.id, PrintRun.id == PrintItem.run_id, _takes())


def _takes() -> ColumnElement[bool]:
    """Whether a run has drawn its item or is drawing it. One that failed draws nothing until somebody goes on with it: what it has no page of is
    free for another run."""
    given_up = exists().where(Job.id == PrintRun.job_id, Job.state == JobState.FAILED)
    return or_(PrintItem.page.is_not(None), and_(PrintRun.finished_at.is_(None), ~given_up))


def printable_numbers(identity: Identity, wanted: CertificateFilter) -> set[str]:
    """The numbers of a choice that can be printed; for a choice of a few numbers."""
    return set(session().scalars(_printable(identity, wanted, Certificate.number)))


def count_printable(identity: Identity, wanted: CertificateFilter) -> int:
    """How many certificates a choice holds that can be printed."""
    return session().scalar(_printable(identity, wanted, func.count())) or 0


def choosing(run_id: int, identity: Identity, wanted: CertificateFilter) -> Insert:
    """What writes a choice down as the items of a run, by number; nothing of it passes through this process."""
    position = func.row_number().over(order_by=(Certificate.number, Certificate.id))
    found = _printable(identity, wanted, literal(run_id), position, Certificate.id, literal(""), literal(""))
    return insert(PrintItem).from_select(["run_id", "position", "certificate_id", "base", "class_name"], found)


def count_items(run_id: int) -> int:
    """How many certificates a run holds."""
    return session().scalar(select(func.count()).select_from(PrintItem).where(PrintItem.run_id == run_id)) or 0


def chosen(run_id: int) -> list[Printable]:
    """The certificates of a run that was not put in order yet, with the class of the holder in the certificate's programme."""
    class_name = (
        select(func.max(Student.class_name))
        .where(Student.person_id == Certificate.person_id, Student.programme_id == Certificate.programme_id)
        .correlate(Certificate)
        .scalar_subquery()
    )
    statement = (
        select(Certificate.id, Certificate.number, Certificate.template, Certificate.template_version, Certificate.facts, class_name)
        .join(PrintItem, PrintItem.certificate_id == Certificate.id)
        .where(PrintItem.run_id == run_id)
        .order_by(PrintItem.position)
    )
    return [
        Printable(key, number, code, version, facts, of_class or "") for key, number, code, version, facts, of_class in session().execute(statement)
    ]


def chunks_of(run_id: int) -> list[PrintChunk]:
    """The files of a run in order."""
    return list(session().scalars(select(PrintChunk).where(PrintChunk.run_id == run_id).order_by(PrintChunk.place)))


def chunk(run_id: int, place: int) -> PrintChunk | None:
    """One file of a run."""
    return session().get(PrintChunk, (run_id, place))


def unfinished(run_id: int) -> list[int]:
    """The places of the files that are still to be drawn."""
    statement = select(PrintChunk.place).where(PrintChunk.run_id == run_id, PrintChunk.finished_at.is_(None)).order_by(PrintChunk.place)
    return list(session().scalars(statement))


Line = tuple[PrintItem, Certificate, str | None]


def items_of(run_id: int, first: int, last: int) -> list[Line]:
    """(item, certificate, serial of its blank) from one position to another, in the order of printing."""
    statement = (
        select(PrintItem, Certificate, BlankSheet.serial)
        .join(Certificate, Certificate.id == PrintItem.certificate_id)
        .outerjoin(
            BlankSheet, (BlankSheet.run_id == PrintItem.run_id) & (BlankSheet.position == PrintItem.position) & (BlankSheet.state == SheetState.USED)
        )
        .where(PrintItem.run_id == run_id, PrintItem.position.between(first, last))
        .order_by(PrintItem.position)
    )
    return [(item, certificate, serial) for item, certificate, serial in session().execute(statement)]


def valid_positions(run_id: int, first: int, last: int) -> list[int]:
    """The positions whose certificates still stand."""
    statement = (
        select(PrintItem.position)
        .join(Certificate, Certificate.id == PrintItem.certificate_id)
        .where(PrintItem.run_id == run_id, PrintItem.position.between(first, last), Certificate.state == State.ISSUED)
        .order_by(PrintItem.position)
    )
    return list(session().scalars(statement))


def pages_of(run_id: int) -> int:
    """How many pages the drawn files of a run have."""
    return int(session().scalar(select(func.sum(PrintChunk.pages)).where(PrintChunk.run_id == run_id)) or 0)


def _pulled(run_id: int) -> tuple[ColumnElement[bool], ...]:
    """Of the items of a run: the page was drawn and the certificate was revoked, suspended or replaced since."""
    return PrintItem.run_id == run_id, PrintItem.page.is_not(None), Certificate.state != State.ISSUED


def count_to_pull(run_id: int) -> int:
    """How many pages must not be handed out, see `to_pull`."""
    statement = select(func.count()).select_from(PrintItem).join(Certificate, Certificate.id == PrintItem.certificate_id).where(*_pulled(run_id))
    return session().scalar(statement) or 0


def to_pull(run_id: int, limit: int | None = None) -> list[Line]:
    """Pages that were drawn and whose certificates were revoked, suspended or replaced since: they must not be handed out."""
    statement = (
        select(PrintItem, Certificate, BlankSheet.serial)
        .join(Certificate, Certificate.id == PrintItem.certificate_id)
        .outerjoin(
            BlankSheet, (BlankSheet.run_id == PrintItem.run_id) & (BlankSheet.position == PrintItem.position) & (BlankSheet.state == SheetState.USED)
        )
        .where(*_pulled(run_id))
        .order_by(PrintItem.position)
        .limit(limit)
    )
    return [(item, certificate, serial) for item, certificate, serial in session().execute(statement)]


# -- blanks -------------------------------------------------------------------------------------------------------------


def known_serials(wanted: Collection[str]) -> list[str]:
    """Those of the serials that are handed out, to whatever run, and were not given back; asked in portions."""
    return _serials(wanted, BlankSheet.state != SheetState.RETURNED)


def returned_serials(run_id: int, wanted: Collection[str]) -> list[str]:
    """Those of the serials that this run had and gave back."""
    return _serials(wanted, BlankSheet.run_id == run_id, BlankSheet.state == SheetState.RETURNED)


def _serials(wanted: Collection[str], *which: ColumnElement[bool]) -> list[str]:
    ordered = sorted(wanted)
    found: list[str] = []
    for start in range(0, len(ordered), 500):
        found += session().scalars(select(BlankSheet.serial).where(BlankSheet.serial.in_(ordered[start : start + 500]), *which))
    return found


def blank(run_id: int, serial: str) -> BlankSheet | None:
    """One blank of a run by its serial."""
    return session().get(BlankSheet, (run_id, serial))


def blanks_between(run_id: int, wanted: Collection[str]) -> list[BlankSheet]:
    """The blanks of a run with these serials, in their order; asked in portions."""
    ordered = sorted(wanted)
    found: list[BlankSheet] = []
    for start in range(0, len(ordered), 500):
        some = BlankSheet.serial.in_(ordered[start : start + 500])
        found += session().scalars(select(BlankSheet).where(BlankSheet.run_id == run_id, some).order_by(BlankSheet.serial))
    return found


def free_blanks(run_id: int, limit: int) -> list[BlankSheet]:
    """Blanks of a run that carry nothing yet, in the order of their serials."""
    statement = select(BlankSheet).where(BlankSheet.run_id == run_id, BlankSheet.state == SheetState.TAKEN).order_by(BlankSheet.serial).limit(limit)
    return list(session().scalars(statement))


def bare_positions(run_id: int) -> list[int]:
    """Positions with a page that may be handed out and without a blank, in order: what must be pulled out is laid on no blank."""
    on_blank = select(BlankSheet.position).where(BlankSheet.run_id == run_id, BlankSheet.state == SheetState.USED)
    statement = (
        select(PrintItem.position)
        .join(Certificate, Certificate.id == PrintItem.certificate_id)
        .where(PrintItem.run_id == run_id, PrintItem.page.is_not(None), Certificate.state == State.ISSUED, PrintItem.position.not_in(on_blank))
        .order_by(PrintItem.position)
    )
    return list(session().scalars(statement))


def blank_sums(run_id: int) -> Reconciliation:
    """The reconciliation of a run's blanks."""
    statement = select(BlankSheet.state, func.count()).where(BlankSheet.run_id == run_id).group_by(BlankSheet.state)
    counts = {state: count for state, count in session().execute(statement)}
    return reconcile(len(bare_positions(run_id)), counts)


def also_overprinted(run: PrintRun) -> list[tuple[PrintRun, int]]:
    """Other runs in overprint that hold certificates of this one on pages of their own, with how many; the earliest first."""
    mine = select(PrintItem.certificate_id).where(PrintItem.run_id == run.id)
    is_drawn = or_(PrintItem.page.is_not(None), PrintRun.finished_at.is_(None))
    return _others_with(run, mine, PrintRun.mode == PrintMode.OVERPRINT, is_drawn)


def taken_elsewhere(run: PrintRun) -> list[tuple[PrintRun, int]]:
    """Other runs that drew or are drawing what this one has still to draw, with how many; the earliest first."""
    bare = (PrintItem.run_id == run.id, PrintItem.page.is_(None), Certificate.state == State.ISSUED)
    mine = select(PrintItem.certificate_id).join(Certificate, Certificate.id == PrintItem.certificate_id).where(*bare)
    return _others_with(run, mine, _takes())


def _others_with(run: PrintRun, certificate_ids: Any, *which: ColumnElement[bool]) -> list[tuple[PrintRun, int]]:
    statement = (
        select(PrintRun, func.count())
        .join(PrintItem, PrintItem.run_id == PrintRun.id)
        .where(PrintRun.id != run.id, PrintItem.certificate_id.in_(certificate_ids), *which)
        .group_by(PrintRun.id)
        .order_by(PrintRun.id)
    )
    return [(row, count) for row, count in session().execute(statement)]


@dataclass(frozen=True, slots=True)
class BlankRow:
    """A blank with the certificate printed on it."""

    sheet: BlankSheet
    number: str | None
    holder: str | None


def blanks_of(run_id: int, *, only: Collection[SheetState] = tuple(SheetState), limit: int | None = None) -> list[BlankRow]:
    """The blanks of a run in the order of their serials."""
    statement = (
        select(BlankSheet, Certificate.number, Certificate.holder)
        .outerjoin(PrintItem, (PrintItem.run_id == BlankSheet.run_id) & (PrintItem.position == BlankSheet.position))
        .outerjoin(Certificate, Certificate.id == PrintItem.certificate_id)
        .where(BlankSheet.run_id == run_id, BlankSheet.state.in_(only))
        .order_by(BlankSheet.serial)
        .limit(limit)
    )
    return [BlankRow(*row) for row in session().execute(statement)]
