"""What the pages of certificates share: which certificate an address means, how certificates stand in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, request

from trainhub.certificates import labels, queries
from trainhub.certificates.models import Certificate
from trainhub.certificates.numbers import is_number, read_number
from trainhub.kernel.access import acting
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _, language
from trainhub.kernel.numbers import whole
from trainhub.kernel.sheets.types import Column

EXPORTED = (
    Column("number", "证书编号"),
    Column("edition", "版次"),
    Column("kind", "种类"),
    Column("holder", "姓名"),
    Column("issuer", "发证单位"),
    Column("programme", "专业"),
    Column("issued_on", "发证日期"),
    Column("state", "状态"),
    Column("state_on", "状态日期"),
)


def load(number: str) -> Certificate:
    """The latest edition of the number in the address, or the edition asked for. NotFound for none, and for a draft the reader may not see."""
    number = read_number(number)
    found = queries.by_number(number) if is_number(number) else None
    edition = request.args.get("edition", type=whole)
    if found is not None and edition is not None:
        found = next((one for one in queries.editions_of(number) if one.edition == edition), None)
    if found is None or not queries.may_know_of(acting(), found):
        raise NotFound(_("没有编号为 %(number)s 的证书，请核对编号。", number=number[:40]))
    return found


def refreshing(bar: str, *, is_news: bool) -> Response:
    """The bar of a job; when there is more to see than the bar, the whole page is loaded."""
    answer = Response(bar)
    if is_news:
        answer.headers["HX-Refresh"] = "true"
    return answer


def exported(rows: Iterable[queries.CertificateRow]) -> Iterator[dict[str, Any]]:
    """Rows of a list as the columns of a file."""
    for row in rows:
        yield {
            "number": row.number,
            "edition": row.edition,
            "kind": str(labels.KINDS[row.kind]),
            "holder": row.holder,
            "issuer": row.issuer,
            "programme": row.programme,
            "issued_on": row.issued_on.isoformat(),
            "state": str(labels.STATES[row.state]),
            "state_on": row.state_on.isoformat(),
        }


def in_a_row(sentences: Iterable[str]) -> str:
    """Several sentences as the reader's language sets them one behind the other."""
    return ("" if language() == "zh" else " ").join(sentences)
