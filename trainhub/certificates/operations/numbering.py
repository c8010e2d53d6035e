"""Numbers: the unit of an issuer, given once, and the next serial, taken inside the issuing transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from trainhub.certificates import queries
from trainhub.certificates.models import CertificateCounter, IssuingUnit
from trainhub.certificates.numbers import KIND_DIGITS, LAST_SERIAL, compose, parse, read_number
from trainhub.certificates.types import Kind, Number
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import is_taken, session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.organisations.models import Organisation

PROVINCE = "35"
_TRIES = 50


class BadNumber(Refused):
    """What was given is no certificate number."""

    code = "bad_number"


class NumbersExhausted(Refused):
    """No serial or no unit is left; nothing was issued."""

    code = "numbers_exhausted"


def unit_of(organisation_id: int) -> str:
    """The four digits of an issuer; given at its first certificate and kept for ever.

    Two transactions that give the same unit at once: the unique constraint lets one win, the other takes the next.
    """
    for _try in range(_TRIES):
        known = session().scalar(select(IssuingUnit.unit).where(IssuingUnit.organisation_id == organisation_id))
        if known is not None:
            return known
        last = int(session().scalar(select(func.max(IssuingUnit.unit))) or 0)
        if last >= 9999:
            break
        try:
            with session().begin_nested():
                session().execute(insert(IssuingUnit).values(organisation_id=organisation_id, unit=f"{last + 1:04d}"))
        except IntegrityError as twice:
            if not is_taken(twice):
                raise
    raise NumbersExhausted(_("无法为发证单位分配证书编号段，没有签发。请稍后重试；若反复出现，请联系系统管理员。"))


def next_serials(province: str, unit: str, kind: Kind, year: int, count: int) -> int:
    """The first of so many next serials of (unit, kind, year).

    A counter that is behind the certificates there are (rows put back by hand, a restore of parts) is not believed: it counts on from them.

    The row stays locked until the end of the transaction, so serials are handed out one after the other; when the
    transaction is rolled back the serial goes back with it. Raises NumbersExhausted after 999,999.
    """
    here = (CertificateCounter.unit == unit, CertificateCounter.kind == kind, CertificateCounter.year == year)
    for _try in range(2):
        taken = session().scalar(
            update(CertificateCounter)
            .where(*here, CertificateCounter.last <= LAST_SERIAL - count)
            .values(last=CertificateCounter.last + count)
            .returning(CertificateCounter.last)
            .execution_options(synchronize_session=False)
        )
        if taken is not None:
            return _believed(int(taken) - count + 1, province, unit, kind, year, count)
        try:
            with session().begin_nested():
                session().execute(insert(CertificateCounter).values(unit=unit, kind=kind, year=year, last=0))
        except IntegrityError as twice:  # somebody else made the row meanwhile, or it is used up
            if not is_taken(twice):
                raise
    raise NumbersExhausted(_exhausted(unit, year))


def hold_counter(issuer: Organisation, kind: Kind, year: int) -> None:
    """Let nobody else issue of this counter until the end of the transaction, so that what is looked for next stays as it is found."""
    next_serials((issuer.region_code or "")[:2] or PROVINCE, unit_of(issuer.id), kind, year, 0)


def _believed(first: int, province: str, unit: str, kind: Kind, year: int, count: int) -> int:
    highest = queries.highest_serial(f"{province}{unit}{KIND_DIGITS[kind]}{year:04d}")
    if first > highest:
        return first
    if highest + count > LAST_SERIAL:
        raise NumbersExhausted(_exhausted(unit, year))
    _move(unit, kind, year, highest + count)
    return highest + 1


def _move(unit: str, kind: Kind, year: int, last: int) -> None:
    here = (CertificateCounter.unit == unit, CertificateCounter.kind == kind, CertificateCounter.year == year)
    moved = update(CertificateCounter).where(*here, CertificateCounter.last < last).values(last=last)
    session().execute(moved.execution_options(synchronize_session=False))


def _exhausted(unit: str, year: int) -> str:
    return _("发证单位 %(unit)s 在 %(year)d 年的这类证书编号已用完，没有签发。请联系系统管理员。", unit=unit, year=year)


@dataclass(frozen=True, slots=True)
class Moved:
    """A counter that was moved on."""

    unit: str
    kind: Kind
    year: int
    before: int
    last: int


def advance_past(given: Sequence[str], *, by: Identity) -> list[Moved]:
    """Give no serial again up to those of these numbers, which are known outside: on paper, in files, in mails. Never moves back.

    Raises BadNumber for what is no certificate number; then nothing is moved.
    """
    furthest: dict[tuple[str, str, int], int] = {}
    for text in given:
        number = parse(read_number(text))
        if number is None:
            raise BadNumber(_("“%(text)s”不是证书编号：应为18位数字，末位是校验位，请逐位核对。没有移动任何编号。", text=text[:40]))
        key = (number.unit, number.kind, number.year)
        furthest[key] = max(furthest.get(key, 0), number.serial)
    kinds = {digit: kind for kind, digit in KIND_DIGITS.items()}
    return [moved for (unit, digit, year), last in furthest.items() for moved in _advanced(unit, kinds[digit], year, last, by=by)]


def move_past(counters: Sequence[tuple[str, Kind, int, int]], *, by: Identity) -> list[Moved]:
    """The same for counters as another database knows them, each (unit, kind, year, last)."""
    return [moved for unit, kind, year, last in counters for moved in _advanced(unit, kind, year, last, by=by)]


def skip(count: int, *, year: int, by: Identity) -> list[Moved]:
    """Leave out so many serials of every counter of a year, when nobody knows which were given since the backup."""
    found = [row for row in queries.counters() if row.year == year]
    full = next((row for row in found if row.last + count > LAST_SERIAL), None)
    if full is not None:
        raise NumbersExhausted(_("发证单位 %(unit)s 剩下的编号不足 %(count)d 个，没有移动任何编号。", unit=full.unit, count=count))
    return [moved for row in found for moved in _advanced(row.unit, row.kind, year, row.last + count, by=by)]


def _advanced(unit: str, kind: Kind, year: int, last: int, *, by: Identity) -> list[Moved]:
    here = (CertificateCounter.unit == unit, CertificateCounter.kind == kind, CertificateCounter.year == year)
    before = session().scalar(select(CertificateCounter.last).where(*here).with_for_update())
    if before is None:
        session().execute(insert(CertificateCounter).values(unit=unit, kind=kind, year=year, last=0))
        before = 0
    if before >= last:
        return []
    _move(unit, kind, year, last)
    data = {"unit": unit, "kind": kind.value, "year": year, "before": before, "last": last}
    audit.record(by=by, did="certificates.numbers.advanced", on=("certificate_counter", f"{unit}-{kind.value}-{year}"), data=data)
    return [Moved(unit, kind, year, before, last)]


def new_number(issuer: Organisation, kind: Kind, year: int) -> str:
    """The next 18 digits for a certificate of an issuer."""
    unit = unit_of(issuer.id)
    province = (issuer.region_code or "")[:2] or PROVINCE
    return compose(Number(province, unit, KIND_DIGITS[kind], year, next_serials(province, unit, kind, year, 1)))
