"""What the pages of certificates share: who acts, which certificate an address means."""

from __future__ import annotations

from flask import request

from trainhub.certificates import queries
from trainhub.certificates.models import Certificate
from trainhub.certificates.numbers import is_number, read_number
from trainhub.certificates.permissions import Can
from trainhub.certificates.types import State
from trainhub.kernel.access import acting, may
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _


def load(number: str) -> Certificate:
    """The latest edition of the number in the address, or the edition asked for."""
    number = read_number(number)
    found = queries.by_number(number) if is_number(number) else None
    edition = request.args.get("edition", type=int)
    if found is not None and edition is not None:
        found = next((one for one in queries.editions_of(number) if one.edition == edition), None)
    if found is None or (found.state is State.DRAFT and not may(acting(), Can.ISSUE, queries.subject_of(found))):
        raise NotFound(_("没有编号为 %(number)s 的证书，请核对编号。", number=number[:40]))
    return found
