"""Numbers: the unit of an issuer, given once, and the next serial, taken inside the issuing transaction."""

from __future__ import annotations

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from trainhub.certificates.models import CertificateCounter, IssuingUnit
from trainhub.certificates.numbers import KIND_DIGITS, LAST_SERIAL, compose
from trainhub.certificates.types import Kind, Number
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.organisations.models import Organisation

PROVINCE = "35"
_TRIES = 50


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
        except IntegrityError:
            continue
    raise NumbersExhausted(_("无法为发证单位分配证书编号段，没有签发。请稍后重试；若反复出现，请联系系统管理员。"))


def next_serial(unit: str, kind: Kind, year: int) -> int:
    """The next serial of (unit, kind, year), from 1; see `next_serials`."""
    return next_serials(unit, kind, year, 1)


def next_serials(unit: str, kind: Kind, year: int, count: int) -> int:
    """The first of so many next serials of (unit, kind, year).

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
            return int(taken) - count + 1
        try:
            with session().begin_nested():
                session().execute(insert(CertificateCounter).values(unit=unit, kind=kind, year=year, last=0))
        except IntegrityError:
            continue  # somebody else made the row meanwhile, or it is used up
    raise NumbersExhausted(_("发证单位 %(unit)s 在 %(year)d 年的这类证书编号已用完，没有签发。请联系系统管理员。", unit=unit, year=year))


def new_number(issuer: Organisation, kind: Kind, year: int) -> str:
    """The next 18 digits for a certificate of an issuer."""
    unit = unit_of(issuer.id)
    province = (issuer.region_code or "")[:2] or PROVINCE
    return compose(Number(province, unit, KIND_DIGITS[kind], year, next_serial(unit, kind, year)))
