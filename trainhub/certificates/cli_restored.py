"""`trainhub certificates restored`: what a restored backup does not know of, and doing it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from trainhub.kernel.commands import Group, edge, operator

certificate_changes = Group("restored", help="恢复旧备份之后 / after an older backup was restored.")
JOURNALS = click.option(
    "--journal",
    "journals",
    multiple=True,
    type=click.Path(path_type=Path),
    help="其他服务器的变更记录，可多次给出 / a certificates-journal.jsonl of another machine too (repeatable)",
)
ACCEPT = click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="KEY",
    help="确认是本平台的、没有担保的签名密钥名称，可多次给出 / a key of `keys_unproved` that is surely of this site (repeatable)",
)


def _found(journals: tuple[Path, ...]) -> list[Any]:
    from trainhub.certificates.operations import repeating

    return repeating.lost(_lines(journals))


def _lines(journals: tuple[Path, ...]) -> list[Any]:
    from trainhub.certificates.operations.remembering import JOURNAL
    from trainhub.kernel import journal

    for given in journals:
        given.open("rb").close()  # a journal that is not there has no changes to tell, and nobody would notice
    return [line for path in (journal.folder() / JOURNAL, *journals) for line in journal.read(path)]


def _told(one: Any) -> dict[str, Any]:
    said = {"number": one.number, "edition": one.edition, "change": one.event.value, "on": one.on.isoformat(), "reason": one.reason}
    return {**said, "document": one.document, "state": one.state.value if one.state is not None else None, "todo": one.todo.value}


@edge("list")
@JOURNALS
@ACCEPT
def list_changes(journals: tuple[Path, ...], accepted: tuple[str, ...]) -> dict[str, Any]:
    """备份之后被退回的变更 / revocations, suspensions and other changes that the restored database does not know.

    `todo`: `repeat` (by `restored repeat`), `by_hand` (a correction or reissue of which the journal has no words: on its page), `unknown` (the
    certificate itself was issued after the backup).

    With them what `restored repeat` would do to signing keys and links: `keys_unproved` are those for which no key that is known here vouches; they
    are trusted only when named by --accept.

    Example: trainhub certificates restored list --json
    """
    from trainhub.certificates.operations import restoring

    return {"changes": [_told(one) for one in _found(journals)], **restoring.foreseen(_lines(journals), accepted=accepted).told()}


@edge("repeat")
@JOURNALS
@ACCEPT
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
def repeat(journals: tuple[Path, ...], accepted: tuple[str, ...], yes: bool) -> dict[str, Any]:
    """重新办理被退回的撤销、暂停、恢复、补发、更正，编号和核验码不变 /
    do again what the restore took back, with reason, document and day of then; what was reissued or corrected gets its number and code again.

    Signing keys that the journals know to have leaked are withdrawn again, keys that were replaced sign no more, keys made since for which a key that
    is known here vouches are known again, links that holders closed are closed. All of it is named by `restored list` and asked before. Numbers that the
    journals say were given are given to nobody else: counters move on past them (`counters_moved`), also past those of other machines.

    Example: trainhub certificates restored repeat --yes --json
    Example: trainhub certificates restored repeat --journal /mnt/two/certificates-journal.jsonl
    """
    from trainhub.certificates.operations import repeating, restoring
    from trainhub.kernel import clock
    from trainhub.kernel.db import session, transaction
    from trainhub.kernel.errors import Refused

    found = _found(journals)
    todo = [one for one in found if one.todo is repeating.Todo.REPEAT]
    coming = restoring.foreseen(_lines(journals), accepted=accepted)
    if (todo or coming.count) and not yes:
        for said in _keys_said(coming):
            click.echo(said, err=True)
        click.confirm(f"将重新办理 {len(todo)} 项变更（撤销不可恢复）。已用 restored list 核对过吗？", abort=True, err=True)
    session().rollback()
    done, refused = [], []
    with transaction():
        kept = restoring.keep(_lines(journals), operator(), now=clock.now(), accepted=accepted)
        moved = restoring.advance(_lines(journals), operator())
    for one in todo:
        try:
            with transaction():
                repeating.repeat(one, by=operator(), today=clock.today(), now=clock.now())
            done.append(_told(one))
        except Refused as why:
            refused.append(_told(one) | {"message": why.message})
    left = [_told(one) for one in found if one.todo is not repeating.Todo.REPEAT]
    return {"repeated": done, "refused": refused, "left": left, "counters_moved": moved, **kept.told()}


def _keys_said(coming: Any) -> list[str]:
    told = coming.told()
    words = {
        "keys_withdrawn": "作废签名密钥 / keys withdrawn",
        "keys_retired": "不再签名的密钥 / keys that sign no more",
        "keys_added": "重新信任的签名密钥 / keys trusted again",
    }
    links = [f"重新关闭的分享链接 / links closed again: {told['links_closed']}"] if told["links_closed"] else []
    return [f"{word}: {', '.join(told[name])}" for name, word in words.items() if told[name]] + links


certificate_changes.add_command(list_changes)
certificate_changes.add_command(repeat)
