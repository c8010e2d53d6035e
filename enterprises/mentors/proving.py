"""How it is known who opens a one-time link, of placements as of capstones: by name, by telephone number, by a code of the school.

A link is sent to its person. One that cannot be sent goes through the hands of the enterprise's coordinator, and then a code is asked for beside
it, which the school tells the person: neither the enterprise, which has the link, nor the school, which has the code, can sign alone. The same holds
for one that is sent to an address that only the enterprise vouches for (`addresses`): it may be a telephone of the coordinator.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import update

from enterprises.mentors import proof_queries
from enterprises.mentors.address_queries import addresses_of, asks_code, digest_of, vouched_of
from enterprises.mentors.models import ProvenLink, SealedCode
from trainhub.identity.delivery import deliver
from trainhub.identity.types import Channel
from trainhub.kernel.access import Identity
from trainhub.kernel.characters import plain_words
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import N_, _, listed
from trainhub.notifications.operations import notify
from trainhub.people.models import Person
from trainhub.people.queries import is_own_address

TRIES = 5
CODE_FIGURES = 6


TOLD_UNVOUCHED = N_(
    "给企业指导教师（%(name)s 等）的一次性链接已发到企业登记的联系方式：请在名单上一次核实联系方式（以后都不再要核对码），或在链接所在的页面生成核对码，直接告诉本人"
)


class NoCodeYet(Refused):
    """Nobody can say yet who he is: a link that was handed over waits for the school's code."""

    code = "no_code"
    status = 409


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def send(link: ProvenLink, person: Person, *, subject: str, text: str, now: datetime, desks: Sequence[str] = ()) -> Channel | None:
    """Send a link to its person, by e-mail or by short message where there is no address; by which of them, None: by neither. The link keeps where to.
    To an address that nobody vouches for it says that a code is needed, and of which school's `desks`.

    An address that stands for somebody else too, the coordinator's for one, is not its person's.
    """
    vouched = vouched_of(person.id)
    for channel, address in addresses_of(person):
        known = digest_of(address) in vouched
        said = text if known else _("%(text)s打开时还要填写学校的核对码，请向 %(who)s 专业负责人索取。", text=text, who="、".join(desks) or _("学校"))
        if is_own_address(person, address) and deliver(channel, to=address, subject=subject, text=said, now=now):
            link.sent_to = digest_of(address)
            session().flush()
            return channel
    return None


FORGOTTEN = ""
"""Where a link was sent whose person's addresses are erased (`own.retention.contact_months`): nowhere that anybody vouches for."""


def tell_unvouched(heads: Iterable[int], person: Person, *, kind: str, now: datetime) -> None:
    """Tell heads that links went to addresses nobody vouches for: once in an ISO week, however many mentors there are. All of them stand on their list."""
    year, week, _day = local(now).isocalendar()
    notify(
        account_ids=heads,
        kind=kind,
        message=TOLD_UNVOUCHED,
        values={"name": person.name},
        url="/mentors/codes#addresses",
        unique_key=f"mentors.unvouched:{year}-W{week:02d}",
        now=now,
    )


def against_identity(link: ProvenLink, person_id: int, *, university_id: int | None = None, programme_id: int | None = None) -> NoCodeYet | None:
    """Why nobody can say yet who he is: a link that asks for the school's code waits for it, and the offices that make it are named, of the university
    or the programme that the link is for. No person is named, and no student."""
    if link.code_hash is not None or not asks_code(link, person_id):
        return None
    desks = proof_queries.desks_of(person_id, university_id=university_id, programme_id=programme_id)
    if not desks:
        return NoCodeYet(_("学校还没有生成核对码。请联系学校专业负责人，由他把核对码直接告诉你本人。"))
    return NoCodeYet(_("学校还没有生成核对码。请联系 %(who)s 的专业负责人，由他把核对码直接告诉你本人。", who=listed(desks)))


def seal_code(row: SealedCode, *, key: str, by: Identity, now: datetime) -> str:
    """A new code of six figures for a link or an account; only its digest with the row's `key` is kept, an earlier code is void. Who may is the caller's to ask."""
    code = f"{secrets.randbelow(10**CODE_FIGURES):0{CODE_FIGURES}d}"
    row.code_hash, row.code_made_at, row.code_made_by_id = digest(f"{key}{code}"), now, by.account_id
    session().flush()
    return code


def asks_digits(person: Person) -> bool:
    """Whether a telephone number is known, whose last four digits are asked for."""
    return any(c.isdigit() for c in person.phone)


def is_proven(link: ProvenLink, *, key: str, person: Person, name: str, digits: str, code: str) -> bool:
    """Whether somebody answered who he is: the name, the last four digits of the telephone number where one is known, and the school's code of a
    link that asks for it."""
    number = "".join(c for c in person.phone if c.isdigit())
    knows = not asks_code(link, person.id) or knows_code(link, key=key, code=code)
    return plain_words(name) == plain_words(person.name) and (not number or plain_words(digits) == plain_words(number)[-4:]) and knows


def knows_code(row: SealedCode, *, key: str, code: str) -> bool:
    """Whether a code is the one that was sealed with `key`; False where none was made, or too many were tried."""
    if row.code_hash is None or row.failures >= TRIES:
        return False
    return secrets.compare_digest(row.code_hash, digest(f"{key}{plain_words(code)}"))


def told_wrong(link: ProvenLink, person_id: int) -> str:
    """What who answered wrongly is told; never which of the answers it was."""
    return _("姓名、手机号后四位或核对码不符。") if asks_code(link, person_id) else _("姓名或手机号后四位与登记的不符。")


def count_failure(*, link: SealedCode) -> None:
    """Count a wrong answer; five close the link, or void the code. By one conditional UPDATE, so that nobody tries twice at once."""
    row = type(link)
    session().execute(update(row).where(row.id == link.id).values(failures=row.failures + 1).execution_options(synchronize_session="fetch"))
