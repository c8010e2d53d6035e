"""`trainhub certificates issue`: a table becomes a batch that a second person decides on the page."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from trainhub.certificates.types import Kind
from trainhub.kernel.access import Identity
from trainhub.kernel.commands import edge, operator, say
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _

MOST_TOLD = 200
"""Certificates that would be printed wrong are named up to so many; the rest is counted."""


def _preparer(name: str, issuer_id: int) -> Identity:
    """Who puts a batch together, by the rights of their account. NotFound, NotAllowed."""
    from trainhub.certificates import queries
    from trainhub.certificates.permissions import Can
    from trainhub.identity.queries import identity_named
    from trainhub.kernel import clock
    from trainhub.kernel.access import demand

    found = identity_named(name, today=clock.today(), origin="command line")
    demand(found, Can.BATCH_CREATE)
    demand(found, Can.BATCH_VIEW, queries.subject_of_issuer(issuer_id))
    return found


class _OnlyChecked(Exception):
    """A dry run ends its transaction with everything undone."""


@edge("issue")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--kind", required=True, type=click.Choice([one.value for one in Kind]), help="证书种类 / the kind of certificate")
@click.option("--issuer", required=True, help="发证单位代码 / the code of the issuing organisation")
@click.option("--title", required=True, help="批次名称 / what the batch is called")
@click.option("--template", help="证书模板代码，默认用发证单位的 / the code of a template (default: the issuer's)")
@click.option("--as", "account", default="", help="建立人的登录名，此人不能审批 / who prepares it: an account's name; that person cannot approve it")
@click.option("--dry-run", is_flag=True, help="只检查，不建立批次 / only check")
def issue(file: Path, kind: str, issuer: str, title: str, template: str | None, account: str, dry_run: bool) -> dict[str, Any]:
    """由名单建立签发批次 / check a table and put a batch together; it is issued when a second person approves it.

    Example: trainhub certificates issue class.xlsx --kind training --issuer 4135010386 --title 春季班 --dry-run --json
    Example: trainhub certificates issue class.xlsx --kind training --issuer 4135010386 --title 春季班 --as zhouli --json
    """
    from trainhub.certificates import imports, queries
    from trainhub.certificates.operations import batches
    from trainhub.certificates.operations._support import LACKS_FACTS, NEEDS_GLYPH, OVERFLOWS
    from trainhub.certificates.operations.issuing import template_for
    from trainhub.certificates.types import BatchSource
    from trainhub.kernel import clock
    from trainhub.kernel.db import transaction
    from trainhub.organisations import queries as organisations

    if not (account or dry_run):
        raise click.UsageError("--as ACCOUNT: who prepares the batch; another person approves it / 请用 --as 指明建立人，审核须由另一人")
    owner = organisations.by_code(issuer)
    if owner is None:
        raise NotFound(_("没有代码为 %(code)s 的单位。", code=issuer[:40]), code="no_issuer")
    by = _preparer(account, owner.id) if account else operator()
    code = template_for(owner, Kind(kind), template)
    found = imports.read(file, file.name, queries.layout_of(code), owner.id, kind=Kind(kind))
    imports.refuse_problems(found)
    answer: dict[str, Any] = {"rows": found.count}
    if found.warnings:
        answer["warnings"] = [one.as_dict() for one in found.warnings[:MOST_TOLD]]
        if len(found.warnings) > MOST_TOLD:
            answer["warnings_left_out"] = len(found.warnings) - MOST_TOLD
        for told in imports.warnings_told(found.warnings):
            say(told)
    with suppress(_OnlyChecked), transaction():
        batch = batches.prepare(
            title=title,
            kind=Kind(kind),
            template=code,
            source=BatchSource.IMPORT,
            issuer=owner,
            rows=found.rows,
            digest=found.digest,
            by=by,
            now=clock.now(),
        )
        notes = queries.waiting_by_note(batch.id)
        answer |= {
            "certificates": batch.count,
            "known": queries.known_in(batch),
            "revoked": queries.revoked_in(batch),
            "unlike": len(queries.unlike_in(batch)),
            "drafts": len(queries.drafts_in(batch)),
            **{note: notes.get(note, 0) for note in (NEEDS_GLYPH, LACKS_FACTS, OVERFLOWS)},
        }
        layout = queries.layout_of(code)
        for one in queries.waiting_items(batch.id, MOST_TOLD):
            why = batches.why_waiting(one.item, layout, owner, one.name)
            say(_("%(name)s：%(why)s，印出来会有错，签发后为待处理。", name=one.name, why=why))
        if batch.waiting > MOST_TOLD:
            say(_("另有 %(n)d 张也会待处理，没有逐张列出；改正以上各张后再检查一次。", n=batch.waiting - MOST_TOLD))
        if dry_run:
            raise _OnlyChecked
        answer["batch"] = batch.id
    return {"batch": None, **answer}
