"""Telling people: a notice in the app, and an e-mail for those who want it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from flask import current_app, render_template
from sqlalchemy import delete, update

from trainhub.identity import delivery
from trainhub.identity import queries as accounts
from trainhub.identity.types import Channel
from trainhub.kernel import jobs
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.audit import record
from trainhub.kernel.db import hold_now, session
from trainhub.kernel.i18n import N_, WORD, _, in_language, say, sentence
from trainhub.kernel.retention import ended_at
from trainhub.notifications import queries, rules
from trainhub.notifications.models import MailMessage, Notice
from trainhub.notifications.types import MailState

SEND_TASK = "notifications.send_mail"
SENDING = N_("发送邮件")
MOST_ASKED = 3
"""So many jobs wait at most for whatever e-mails there are: each sends all that are due."""


def notify(
    *,
    account_ids: Iterable[int],
    kind: str,
    message: str,
    values: Mapping[str, Any] | None = None,
    url: str = "",
    unique_key: str | None = None,
    now: datetime,
) -> int:
    """Tell each account once; returns how many notices were made.

    `message` is a Chinese message id with `%(name)s` placeholders for `values` (plain JSON values, a `word`, or a text `in_both`), shown to each
    reader in their language. `kind` groups notices (`placements.assigned`); `url` is a path of this site. With `unique_key` the same
    thing is told to the same account only once, however often it happens.
    """
    return notify_each(
        [Telling(account_id, kind, message, values or {}, url, unique_key) for account_id in sorted(set(account_ids))],
        now=now,
    )


@dataclass(frozen=True, slots=True)
class Telling:
    """What one account is told; the fields as `notify` takes them."""

    account_id: int
    kind: str
    message: str
    values: Mapping[str, Any]
    url: str = ""
    unique_key: str | None = None
    is_mailed: bool = False
    """Whether the same was sent by e-mail already."""

    @property
    def key(self) -> str | None:
        """The unique key of this account's notice."""
        return f"{self.unique_key}:{self.account_id}"[:160] if self.unique_key is not None else None


def notify_each(tellings: Iterable[Telling], *, now: datetime) -> int:
    """The same for many accounts that are told different things; as many queries as for one."""
    wanted = list(tellings)
    known = queries.known_keys(key for one in wanted if (key := one.key) is not None)
    fresh = list({one.key or place: one for place, one in enumerate(wanted) if one.key not in known}.values())
    wanting = queries.wanting_email({one.account_id for one in fresh}) if Channel.EMAIL in delivery.channels() else set()
    session().add_all(
        Notice(
            account_id=one.account_id,
            kind=one.kind,
            message=one.message,
            values=dict(one.values),
            url=one.url,
            unique_key=one.key,
            created_at=now,
            mail_state=MailState.SENT if one.is_mailed else MailState.WAITING if one.account_id in wanting else MailState.NONE,
        )
        for one in fresh
    )
    session().flush()
    return len(fresh)


def tell(news: delivery.News, now: datetime) -> None:
    """What a room below has to tell one account (`delivery.tell`)."""
    notify_each([Telling(news.account_id, news.kind, news.message, news.values, news.url, news.unique_key, news.is_mailed)], now=now)


def mark_read(*, account_id: int, notice_id: int | None, now: datetime) -> int:
    """Mark one notice of the human who holds an account as read, or all of them; returns how many were unread."""
    statement = update(Notice).where(queries.of_holder(account_id), Notice.read_at.is_(None)).execution_options(synchronize_session=False)
    if notice_id is not None:
        statement = statement.where(Notice.id == notice_id)
    marked: int = session().execute(statement.values(read_at=now)).rowcount  # type: ignore[attr-defined]
    return marked


def word(text: Any) -> dict[str, str]:
    """A value of a notice that is itself a word of the product (a role, a stage): each reader gets it in their language, too."""
    with in_language("zh"):
        return {WORD: str(text)}


def in_both(chinese: str, english: str) -> dict[str, str]:
    """A value of a notice that is kept in both languages, such as the title of a certificate: each reader gets theirs."""
    return {"zh": chinese, "en": english or chinese}


def text_of(message: str, values: Mapping[str, Any]) -> str:
    """A notice in the language of the reader; a placeholder without a value shows as it is instead of failing."""
    return sentence(message, values)


# -- e-mail -------------------------------------------------------------------------------------------------------------


def queue_mail(to: str, subject: str, text: str, now: datetime) -> None:
    """Put an e-mail on its way and ask a worker to send it soon, unless enough wait to be sent that it is sent by one of them; the adapter of identity's codes and links."""
    session().add(MailMessage(address=to[:200], subject=" ".join(subject.split())[:200], text=text, next_try_at=now, created_at=now))
    session().flush()
    if current_app.config["SETTINGS"].smtp_url and jobs.due_count(SEND_TASK, most=MOST_ASKED) < MOST_ASKED:
        # No key that all share: whoever tells anybody anything would wait for whoever does so at the same time. Where those that wait are all over
        # before this is committed, the one of the next minute sends it.
        jobs.ask(SEND_TASK, by=SYSTEM, title=say(SENDING))


def ask_to_send() -> None:
    """Ask for another run when one stopped with mail still due: after whatever else waits, so that a long list holds nothing up for long."""
    jobs.ask(SEND_TASK, by=SYSTEM, title=say(SENDING))


def compose_mail(*, now: datetime, limit: int = 500) -> int:
    """Turn waiting notices into e-mails, each in its reader's language: one by one, or one digest a morning. Returns how many mails.

    Where somebody composes at the same time nothing is done: what is left is theirs, or is found by the next.
    """
    if not hold_now("notifications.compose"):
        return 0
    base = current_app.config["SETTINGS"].base_url
    made = 0
    rows = queries.waiting_notices(rules.digest_cutoff(now), limit)
    if (
        len(rows) == limit and rows[0].account_id != rows[-1].account_id
    ):  # the last reader's may go on beyond: their digest is one mail, so it is the next portion's
        rows = [row for row in rows if row.account_id != rows[-1].account_id]
    for _account_id, group in groupby(rows, key=lambda row: row.account_id):
        found = list(group)
        first = found[0]
        if not first.address:
            # Nobody can mend this by looking at the mail server, or consent was taken back: the person is told in the app only.
            _set_state([row.id for row in found], MailState.NONE)
            continue
        bundles = [found] if first.wants_digest else [[row] for row in found]
        with in_language(first.language):
            for bundle in bundles:
                lines = [(text_of(row.message, row.values), f"{base}{row.url}" if row.url else "") for row in bundle]
                subject = lines[0][0] if len(bundle) == 1 else _("%(n)d条新通知", n=len(bundle))
                text = render_template("trainhub/notifications/mail.txt", name=first.display_name, lines=lines, base=base)
                queue_mail(first.address, subject, text, now)
                made += 1
        _set_state([row.id for row in found], MailState.SENT)
    return made


def _set_state(notice_ids: list[int], state: MailState) -> None:
    session().execute(update(Notice).where(Notice.id.in_(notice_ids)).values(mail_state=state).execution_options(synchronize_session=False))


def claim_mail(*, now: datetime) -> MailMessage | None:
    """Take the next e-mail whose turn it is: its tries grow and its next turn moves before it is sent, so that no two workers send it."""
    for mail_id in queries.due_mail(now):
        row = session().get(MailMessage, mail_id)
        if row is None:
            continue
        taken: int = (
            session()
            .execute(
                update(MailMessage)
                .where(MailMessage.id == mail_id, MailMessage.state == MailState.WAITING, MailMessage.next_try_at <= now)
                .values(tries=MailMessage.tries + 1, next_try_at=now + rules.wait_after(row.tries + 1))
                .execution_options(synchronize_session="fetch")
            )
            .rowcount  # type: ignore[attr-defined]
        )
        if taken:
            session().refresh(row)
            return row
    return None


def sweep(*, now: datetime, today: date) -> dict[str, int]:
    """Delete notices and e-mails older than own.retention.notification_months, sent or not: nobody wants last year's e-mail.

    Notices to somebody under a legal hold, or with an open request about their data, stay; an e-mail names no account.
    """
    before = ended_at("notification", now=now, today=today)
    statements: dict[str, Any] = {
        "notices": delete(Notice).where(Notice.created_at < before, Notice.account_id.not_in(accounts.kept_accounts())),
        "mails": delete(MailMessage).where(MailMessage.created_at < before),
    }
    return {
        name: session().execute(statement.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
        for name, statement in statements.items()
    }


def forget_addresses(mail_ids: Collection[int]) -> int:
    """Erase the addresses of e-mails (`queries.sent_to_nobody`): what tells that they were sent stays for its period. Repeating changes nothing."""
    ids, gone = sorted(mail_ids), 0
    for start in range(0, len(ids), 500):
        statement = update(MailMessage).where(
            MailMessage.id.in_(ids[start : start + 500]), MailMessage.state == MailState.SENT, MailMessage.address != ""
        )
        gone += session().execute(statement.values(address="").execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
    return gone


def settle_mail(*, mail_id: int, now: datetime, problem: str = "") -> MailState:
    """Note what became of an e-mail: sent (its text is erased), to be tried again, or given up after the last try."""
    row = session().get(MailMessage, mail_id)
    assert row is not None
    if not problem:
        row.state, row.sent_at, row.text, row.problem = MailState.SENT, now, "", ""
    else:
        row.problem = problem[:300]
        if row.tries >= rules.MAX_TRIES:
            row.state = MailState.FAILED
    session().flush()
    return row.state


def retry_mail(*, by: Identity, now: datetime) -> int:
    """Put every e-mail that was given up back into the queue, as if it had never been tried; returns how many."""
    count: int = (
        session()
        .execute(
            update(MailMessage)
            .where(MailMessage.state == MailState.FAILED)
            .values(state=MailState.WAITING, tries=0, next_try_at=now, problem="")
            .execution_options(synchronize_session=False)
        )
        .rowcount  # type: ignore[attr-defined]
    )
    if count:
        record(by=by, did="notifications.mail.retried", on=("mail_queue", "all"), data={"count": count})
        if current_app.config["SETTINGS"].smtp_url:
            jobs.ask(SEND_TASK, by=SYSTEM, title=say(SENDING))
    return count
