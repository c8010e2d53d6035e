"""A draft: drawn up from the ledger, handed in, discarded, lapsed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError

from enterprises.subsidies import queries, rules
from enterprises.subsidies.models import SubsidyClaim, SubsidyItem
from enterprises.subsidies.operations import telling
from enterprises.subsidies.operations.acting import SubsidyRefused, be_in, of, recount, refuse_closed, refuse_unfit
from enterprises.subsidies.types import Candidate, ClaimState, ItemState
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.characters import plain_words
from trainhub.kernel.clock import local, start_of
from trainhub.kernel.db import hold, session
from trainhub.kernel.i18n import N_, _
from trainhub.organisations.models import Organisation
from trainhub.policy.book import book


def draw_up(*, organisation: Organisation, since: date, until: date, by: Identity, today: date, now: datetime) -> SubsidyClaim:
    """Draw up a claim from the ledger: every counted completion of the span that nobody has claimed, one for a person and course.

    A draft that is there is drawn up anew and begins its days again; drafts whose days are over no longer stand in the way. Raises SubsidyRefused.
    """
    if until < since:
        raise SubsidyRefused(_("截止日不能早于起始日。"), field="until")
    if until > today:
        raise SubsidyRefused(_("截止日不能晚于今天。"), field="until")
    hold(f"subsidies.draft:{organisation.id}")  # of two who draw up at once the second draws up anew what the first did
    refuse_closed(organisation, today, _("申领培训补助"))
    lapse(today=today, now=now, besides=organisation.id)
    row = queries.open_draft(organisation.id)
    if row is None:
        row = SubsidyClaim(organisation_id=organisation.id, since=since, until=until, asked_by_id=by.account_id, created_at=now)
        session().add(row)
        session().flush()
    else:
        session().execute(delete(SubsidyItem).where(SubsidyItem.claim_id == row.id).execution_options(synchronize_session="fetch"))
        row.since, row.until, row.asked_by_id, row.created_at = since, until, by.account_id, now
    found = queries.candidates(organisation.id, since, until)
    priced, left = rules.price(found, queries.as_rates(), queries.taken(organisation.id, since, until))
    if not priced:
        raise SubsidyRefused(
            _(
                "这一时段没有可以申领的结业：已申领过 %(before)d，同一人同一课程重复 %(twice)d，没有补助标准 %(unpriced)d。",
                before=left.claimed_before,
                twice=left.same_course_twice,
                unpriced=left.no_rate,
            )
            + _in_drafts(found, organisation.id, today),
            code="nothing_to_claim",
        )
    rows = [
        {
            "claim_id": row.id,
            "person_id": one.candidate.person_id,
            "record_id": one.candidate.record_id,
            "course": one.candidate.course,
            "course_key": plain_words(one.candidate.course),
            "amount_fen": one.amount_fen,
            "state": ItemState.CLAIMED,
            "is_sampled": False,
            "note": "",
        }
        for one in priced
    ]
    try:
        with session().begin_nested():
            session().execute(insert(SubsidyItem), rows)
    except IntegrityError as twice:
        raise SubsidyRefused(_("其他机构刚刚申领了其中的结业，请重新生成。"), code="claimed_meanwhile") from twice
    row.left_out_claimed, row.left_out_twice, row.left_out_no_rate = left.claimed_before, left.same_course_twice, left.no_rate
    recount(row)
    audit.record(by=by, did="subsidies.claim.drafted", on=row, data={"organisation": organisation.code, "items": row.item_count})
    return row


def _in_drafts(found: Sequence[Candidate], organisation_id: int, today: date) -> str:
    """How many of the completions stand in drafts of others, and until when; the others are not named."""
    count, drawn_at = queries.held_by_drafts({(one.human_id, plain_words(one.course)) for one in found}, besides=organisation_id)
    if drawn_at is None:
        return ""
    return _("其中 %(n)d 条在其他单位尚未提交的草稿里，草稿最迟 %(day)s 失效。", n=count, day=lapses_on(drawn_at, today).isoformat())


def submit(*, claim: SubsidyClaim, by: Identity, today: date, version: int | None = None) -> SubsidyClaim:
    """Hand a draft in to 省人社厅, as it stood on the page (`version`): one that was drawn up anew since is looked at first. Raises Stale, Closed, Blacklisted."""
    be_in(claim, (ClaimState.DRAFT,), version)
    refuse_unfit(claim, today, _("申领培训补助"))
    claim.state, claim.submitted_on, claim.submitted_by_id = ClaimState.SUBMITTED, today, by.account_id
    session().flush()
    audit.record(by=by, did="subsidies.claim.submitted", on=claim, data={"items": claim.item_count, "amount_fen": claim.amount_fen})
    return claim


def discard(*, claim: SubsidyClaim, by: Identity, reason: str = "", now: datetime, version: int | None = None) -> None:
    """Throw a draft away: its completions may be claimed by anybody again. 省人社厅 says why to who drew it up. Raises SubsidyRefused, WrongStep."""
    session().refresh(claim, with_for_update=True)  # it may be handed in at this moment
    be_in(claim, (ClaimState.DRAFT,), version)
    reason = reason.strip()[:400]
    is_of_the_department = by.everywhere(Role.DEPT_HR)
    if is_of_the_department and not reason:
        raise SubsidyRefused(_("请写明丢弃草稿的理由，申领单位会看到。"), field="reason")
    if is_of_the_department:
        telling.tell(
            claim,
            "subsidies.draft_discarded",
            N_("省人社厅丢弃了“%(name)s”%(since)s 至 %(until)s 的补助申领草稿：%(reason)s"),
            {"reason": reason},
            now,
        )
    _remove(claim, "subsidies.claim.discarded", by, reason=reason)


def lapse(*, today: date, now: datetime, besides: int | None = None) -> int:
    """Throw away drafts that nobody handed in within own.subsidy.draft_days of their drawing up, and remind of those whose days end within
    own.subsidy.draft_remind_days, once; how many lapsed. Who drew one up, and who claims for the organisation, is told. Safe to repeat.
    `besides`: the organisation whose draft is being drawn up anew."""
    lapsed = 0
    ahead = int(book().at("own.subsidy.draft_remind_days", on=today).number)
    for claim in queries.drafts_to_look_at(start_of(today + timedelta(days=1 + ahead) - _days(today))):
        if claim.organisation_id == besides:
            continue
        day = lapses_on(claim.created_at, today)
        if today >= day:
            telling.tell(
                claim, "subsidies.draft_lapsed", N_("“%(name)s”%(since)s 至 %(until)s 的补助申领草稿逾期没有提交，已失效；可以重新生成。"), {}, now
            )
            _remove(claim, "subsidies.claim.lapsed", SYSTEM, day=day)
            lapsed += 1
        else:
            telling.tell(
                claim,
                "subsidies.draft_ends",
                N_("“%(name)s”%(since)s 至 %(until)s 的补助申领草稿尚未提交，%(day)s 失效，届时其他单位可以申领其中的结业。"),
                {"day": day.isoformat()},
                now,
                unique_key=f"subsidy_claim:{claim.id}:ends:{day.isoformat()}",
            )
    return lapsed


def lapses_on(drawn_at: datetime, today: date) -> date:
    """The day on which a draft that was drawn up at an instant lapses."""
    return local(drawn_at).date() + _days(today)


def _days(today: date) -> timedelta:
    return timedelta(days=int(book().at("own.subsidy.draft_days", on=today).number))


def _remove(claim: SubsidyClaim, did: str, by: Identity, **data: object) -> None:
    organisation = of(claim)
    named = {"organisation": organisation.code, "since": claim.since, "until": claim.until, "items": claim.item_count}
    audit.record(by=by, did=did, on=claim, data={**named, **data})
    session().execute(delete(SubsidyItem).where(SubsidyItem.claim_id == claim.id).execution_options(synchronize_session="fetch"))
    session().delete(claim)
    session().flush()
