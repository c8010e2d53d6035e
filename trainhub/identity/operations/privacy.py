"""Consent to the privacy notice, and what a person may ask about their own data (PIPL)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, update

from trainhub.identity import queries, retention, rules
from trainhub.identity.delivery import News, deliver, tell
from trainhub.identity.models import Account, ApiToken, Consent, DataRequest
from trainhub.identity.notice import VERSION
from trainhub.identity.operations._support import AccountRefused, number
from trainhub.identity.operations.accounts import name_hash
from trainhub.identity.operations.claims import say_number
from trainhub.identity.operations.closing import close_account
from trainhub.identity.operations.signing_in import count_attempt, forget_attempt
from trainhub.identity.types import Channel, LoginKind, RequestKind, RequestState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import N_, _, format_date, in_language
from trainhub.people import operations as people
from trainhub.people import queries as persons
from trainhub.people.models import Person
from trainhub.people.types import IdType


def check_notice(seen: str) -> None:
    """Refuse a consent to another text of the privacy notice than the one in force: the reader has not seen this one. Raises AccountRefused."""
    if seen != VERSION:
        raise AccountRefused(_("隐私说明已有新版本，还没有记录你的同意。请阅读现行版本后再勾选。"), field="consent", code="notice_changed")


def give_consent(
    *, account: Account, by: Identity, now: datetime, version: str = VERSION, guardian_name: str = "", guardian_phone: str = ""
) -> Consent:
    """Note the consent to a version of the privacy notice; below privacy.guardian_age a guardian is named (PIPL-31)."""
    person = session().get(Person, account.person_id) if account.person_id is not None else None
    today = local(now).date()
    age = number("privacy.guardian_age", today)
    is_child = person is not None and rules.needs_guardian(person.birth_on, today, age)
    if is_child and not (guardian_name.strip() and rules.phone_is_plausible(guardian_phone)):
        raise AccountRefused(
            _("未满%(n)d周岁须由父母或其他监护人同意：请填写监护人姓名和手机号。", n=age), field="guardian_name", code="guardian_needed"
        )
    consent = Consent(
        account_id=account.id,
        notice_version=version,
        given_at=now,
        guardian_name=guardian_name.strip(),
        guardian_phone=rules.normalise_login(LoginKind.PHONE, guardian_phone) if guardian_phone else "",
    )
    session().add(consent)
    session().flush()
    audit.record(by=by, did="identity.consent.given", on=account, data={"version": version, "guardian": bool(guardian_name.strip())})
    return consent


def count_own_number(*, account: Account, origin: str, now: datetime, today: date) -> None:
    """Count that somebody hands in a number, before it is looked at: each asks somebody to look. Raises Locked."""
    count_attempt(counted_as=name_hash(f"number:{account.id}"), origin=origin, now=now, today=today, words=_numbers_too_often)


def _numbers_too_often(at: str) -> str:
    return _("提交证件号码的次数过多，请在%(at)s之后再试，或提交更正申请。", at=at)


def give_own_number(*, account: Account, id_type: IdType, number: str, by: Identity, now: datetime) -> Person:
    """Let the holder of an account add the number of their document where none is registered. Nobody has verified the number: it proves nothing and makes
    nobody verified; whom an office had looked at stays so, because what they did was counted by that. Whether somebody stands under it already is told to whoever holds that roster, not to them (`claims`).

    Raises AccountRefused where one is registered; BadPerson.
    """
    found = session().get(Person, account.person_id) if account.person_id is not None else None
    if found is None:
        raise AccountRefused(_("这个账号没有对应的人员记录，不能登记证件号码。"))
    person = persons.who_stayed(found)
    if person.id_mask:
        raise AccountRefused(_("已登记证件号码 %(mask)s。要更正，请提交更正申请。", mask=person.id_mask), field="id_number")
    say_number(account=account, person=person, id_type=id_type, number=number, by=by, now=now)
    forget_attempt(name_hash(f"number:{account.id}"))
    return person


def withdraw_consent(*, account: Account, by: Identity, now: datetime) -> int:
    """Take consent back; what law or a legal hold keeps stays, and the platform asks again before further use. Returns how many.

    Programs cannot be asked: the account's tokens for the API end with it. Notices are not sent by e-mail until consent is given again; answers to a
    request about one's own data are.
    """
    withdrawn: int = (
        session().execute(update(Consent).where(Consent.account_id == account.id, Consent.withdrawn_at.is_(None)).values(withdrawn_at=now)).rowcount  # type: ignore[attr-defined]
    )
    if withdrawn:
        session().execute(update(ApiToken).where(ApiToken.account_id == account.id, ApiToken.revoked_at.is_(None)).values(revoked_at=now))
        audit.record(by=by, did="identity.consent.withdrawn", on=account)
    return withdrawn


DECIDED = {
    (RequestKind.CORRECTION, RequestState.DONE): N_("你关于更正个人信息的申请已办结，答复见“我的数据”。"),
    (RequestKind.CORRECTION, RequestState.REFUSED): N_("你关于更正个人信息的申请不予办理，理由见“我的数据”。"),
    (RequestKind.DELETION, RequestState.DONE): N_("你关于删除个人信息的申请已办结，答复见“我的数据”。"),
    (RequestKind.DELETION, RequestState.REFUSED): N_("你关于删除个人信息的申请不予办理，理由见“我的数据”。"),
}
"""What who asked is told; the answer itself may hold personal data and stands on their own page only."""
MY_DATA = "/my-data"
BETWEEN = "\n\n"
"""Between what was asked first and what was added."""


def ask_about_data(*, account: Account, kind: RequestKind, text: str, by: Identity, now: datetime) -> DataRequest:
    """Ask for a correction or a deletion; what is asked while one of the kind is open is added to it, nothing of the earlier text is lost."""
    if not text.strip():
        raise AccountRefused(_("请写明要更正或删除什么，以及原因。"), field="text")
    row = next((r for r in queries.requests_of(account.id) if r.kind is kind and r.state is RequestState.OPEN), None)
    if row is not None:  # whoever decides it just now, or adds to it, is waited for: what is added to a decided one nobody would answer
        session().refresh(row, with_for_update={"of": DataRequest})
    if row is None or row.state is not RequestState.OPEN:
        row = DataRequest(account_id=account.id, kind=kind, text=text.strip(), asked_at=now)
        session().add(row)
    elif text.strip() not in row.text.split(BETWEEN):
        row.text = BETWEEN.join((row.text, text.strip()))
    session().flush()
    audit.record(by=by, did="identity.data_request.asked", on=row, data={"kind": kind})
    return row


def decide_request(
    *,
    row: DataRequest,
    state: RequestState,
    answer: str,
    by: Identity,
    now: datetime,
    closes_account: bool = False,
    seen: int | None = None,
) -> bool:
    """Answer a request in words; a request is decided once. Returns whether the answer was sent to who asked.

    A granted deletion may close every account of the human at once; then the contacts of the person go too, unless a study, a post or guidance
    still needs them. Who asked cannot sign in any more and read the answer, so it is sent before the address goes.
    `seen` is the length of the text that was read: it only grows, so a longer one has something that nobody has answered. Raises Stale then.
    """
    if state is RequestState.OPEN:
        raise AccountRefused(_("请选择办结或不予办理。"), field="state")
    if not answer.strip():
        raise AccountRefused(_("请写明处理结果；不予办理的，写明依据和保存期限。"), field="answer")
    taken: int = (
        session()
        .execute(
            update(DataRequest)
            .where(
                DataRequest.id == row.id, DataRequest.state == RequestState.OPEN, *([] if seen is None else [func.length(DataRequest.text) == seen])
            )
            .values(state=state, answer=answer.strip(), decided_at=now, decided_by_id=by.account_id)
            .execution_options(synchronize_session="fetch")
        )
        .rowcount  # type: ignore[attr-defined]
    )
    if not taken:
        session().refresh(row)
        if row.state is RequestState.OPEN:
            raise Stale(_("申请人刚补充了说明，处理结果没有保存。请看过补充的内容再提交。"))
        raise AccountRefused(_("这项申请已经处理过。"), code="decided")
    audit.record(by=by, did="identity.data_request.decided", on=row, data={"state": state})
    account = queries.account(row.account_id)
    is_closing = closes_account and state is RequestState.DONE
    held = queries.accounts_of_holder(account.id)  # two persons who were merged may each have had one
    if is_closing and any(other.state is RequestState.OPEN for key in held for other in queries.requests_of(key)):
        raise AccountRefused(
            _("申请人还有另一项申请没有答复（更正或删除），注销后无法再告知本人。请先答复那一项，再注销账号。"),
            field="closes_account",
            code="asked",
        )
    is_sent = _send_answer(account, row, is_closing=is_closing, now=now)
    if is_closing:
        row.closed_account = True
        for key in held:
            close_account(account=queries.account(key), by=by, now=now)
        _forget_contacts(account.person_id, now=now)
    else:
        news = News(account.id, "identity.data_request", DECIDED[row.kind, state], MY_DATA, f"data_request:{row.id}", is_mailed=is_sent)
        tell(news, now=now)
    return is_sent


def _send_answer(account: Account, row: DataRequest, *, is_closing: bool, now: datetime) -> bool:
    with in_language(account.language):
        parts = [
            _("%(name)s，你好：你在%(asked)s提出的个人信息申请已经处理。", name=account.display_name, asked=format_date(row.asked_at)),
            _("申请：%(text)s", text=row.text),
            _("答复：%(answer)s", answer=row.answer),
            *([_("你的账号已注销，不能再登录。")] if is_closing else []),
        ]
        text = BETWEEN.join(parts)
        return deliver(Channel.EMAIL, to=queries.email_of(account.id), subject=_("个人信息申请的处理结果"), text=text, now=now)


def _forget_contacts(person_id: int | None, *, now: datetime) -> None:
    """The contacts of who asked to be deleted do not wait for their period: nothing but the account used them."""
    if person_id is None:
        return
    for one in persons.human_ids(person_id):
        found = persons.with_contacts(before=now, uses=retention.uses_since(now), after=one - 1, limit=1)
        if found == [one]:
            people.forget_contacts(found)
