"""Pages about the whole installation: the permission table, the audit log, requests about personal data."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, stream_with_context

from trainhub.identity import labels, queries, table
from trainhub.identity import operations as ops
from trainhub.identity.forms import DecisionForm
from trainhub.identity.models import DataRequest
from trainhub.identity.permissions import Can
from trainhub.identity.types import AccountState, RequestState
from trainhub.kernel import audit_details, audit_kinds, clock, downloads
from trainhub.kernel.access import NOTHING, Subject, acting, guard, permission_table, signed_in, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.fields import pick
from trainhub.kernel.i18n import _, format_datetime, listed
from trainhub.kernel.numbers import a_day
from trainhub.kernel.paging import paginate, wanted
from trainhub.kernel.pinyin import of_text
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.sheets.writing import for_reader, iter_csv
from trainhub.kernel.web import done
from trainhub.organisations.queries import Statement
from trainhub.people import queries as persons

permissions = Blueprint("permissions", __name__)
audit = Blueprint("audit", __name__)
requests = Blueprint("data_requests", __name__, url_prefix="/data-requests")


@permissions.get("/permissions")
@signed_in
def index() -> Any:
    """Who may do what: the table as the code enforces it."""
    return render_template("trainhub/identity/permissions.html", rooms=table.parts(permission_table(current_app)))


# -- audit --------------------------------------------------------------------------------------------------------------


FILTERS = ("who", "did", "on_kind", "on_id", "origin", "since", "until")
OF_EVERY_LIST = ("page", "size", "sort", "lang")


def _filter() -> tuple[queries.AuditFilter, dict[str, str]]:
    """What is asked for, and what is wrong with it: words by field, under "" for a condition that does not exist.

    A log that leaves out a condition answers another question than the one asked, so nothing wrong is passed over.
    """
    problems: dict[str, str] = {}

    def text(name: str) -> str:
        return request.args.get(name, "").strip()[:100]

    def day(name: str) -> date | None:
        try:
            return a_day(text(name)) if text(name) else None
        except ValueError:
            problems[name] = _("“%(text)s”不是存在的日期，请填写例如 2016-02-03。", text=text(name))
            return None

    unknown = sorted(set(request.args) - {*FILTERS, *OF_EVERY_LIST})
    if unknown:
        problems[""] = _("没有名为 %(names)s 的筛选条件。可用的有：%(known)s。", names=listed(unknown), known=listed(FILTERS))
    for name in FILTERS:
        if len(given := list(dict.fromkeys(request.args.getlist(name)))) > 1:
            problems[name] = _(
                "这个条件给了 %(n)s 个不同的值（%(values)s），只能给一个。", n=len(given), values=listed(one[:40] for one in given[:3])
            )
    asked = queries.AuditFilter(
        who=text("who"),
        did=text("did"),
        said=tuple(queries.dids_in_words(text("did"))) if text("did") else (),
        on_kind=text("on_kind"),
        on_id=text("on_id"),
        origin=text("origin"),
        since=day("since"),
        until=day("until"),
        sort=text("sort"),
    )
    if asked.since and asked.until and asked.until < asked.since:
        problems["until"] = _("结束日期早于开始日期，没有这样的记录。请改正其中一个。")
    if asked.who and queries.reads_whole_log(who()) and not queries.is_known_actor(asked.who):
        problems["who"] = _("没有名为“%(who)s”的账号，日志中也没有这样的操作人。请核对姓名或登录名。", who=asked.who)
    if asked.did and queries.reads_whole_log(who()) and not asked.said and not queries.is_known_deed(asked.did):
        problems["did"] = _("日志中没有名为“%(did)s”的操作。请填写列表中“操作”一栏的文字或代码的开头。", did=asked.did)
    return asked, problems


@audit.get("/audit")
@guard(Can.AUDIT_VIEW)
def events() -> Any:
    """Who did what, on what, when, from where; a filter that cannot be answered is told at its field, without rows."""
    number, size = wanted()
    asked, problems = _filter()
    page = None if problems else paginate(queries.audit_listing(asked, who()), number=number, size=size, scalars=False)
    body = render_template(
        "trainhub/audit/events.html",
        page=page,
        problems=problems,
        is_whole=queries.reads_whole_log(who()),
        kinds=_kinds(asked.on_kind),
        things=audit_kinds.things([(row.on_kind, row.on_id) for row in page.items], identity=who()) if page else {},
        told=_told,
        details=audit_details.details,
    )
    return body, 422 if problems else 200


def _kinds(asked: str) -> list[tuple[str, str]]:
    """The kinds of the log in words, each once; two that are called alike have their code behind. One that the log does not know stays chosen."""
    words = {kind: audit_kinds.kind_words(kind) for kind in {*queries.audit_kinds(), asked} - {""}}
    often = Counter(words.values())
    return sorted(
        ((kind, word if often[word] == 1 else f"{word} ({kind})") for kind, word in words.items()), key=lambda pair: (of_text(pair[1]), pair[0])
    )


def _told(data: dict[str, Any], indent: int | None = None) -> str:
    return json.dumps(data, ensure_ascii=False, indent=indent) if data else ""


@audit.get("/audit.csv")
@guard(Can.AUDIT_VIEW)
def events_csv() -> Any:
    """The same events as a file, in the same order. Refused when the filter cannot be answered."""
    asked, problems = _filter()
    if problems:
        raise Refused(
            " ".join(problems.values()),
            code="bad_input",
            details=[{"column": k, "value": request.args.get(k), "problem": v} for k, v in problems.items()],
        )
    columns = [
        Column("id", "编号"),
        Column("at", "时间"),
        Column("actor", "操作人"),
        Column("origin", "来源地址"),
        Column("did", "操作"),
        Column("on_kind", "对象类型"),
        Column("on_id", "对象编号"),
        Column("data", "说明"),
        Column("on_words", "对象"),
    ]
    rows = (
        (str(r.id), format_datetime(r.at), r.actor, r.origin, r.did, r.on_kind, r.on_id, _told(r.data), audit_kinds.kind_words(r.on_kind))
        for r in queries.audit_stream(asked, who())
    )
    answer = Response(stream_with_context(iter_csv(rows, columns, headers=for_reader())), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=audit.csv"
    return answer


# -- requests about personal data ---------------------------------------------------------------------------------------


def _load(request_id: int) -> DataRequest:
    row = queries.data_request(request_id)
    if row is None:
        raise NotFound(_("没有这项申请。"))
    return row


def _nothing(_row: DataRequest) -> Subject:
    return NOTHING


def _requests() -> Statement:
    return queries.requests_listing(pick(RequestState, "state"), request.args.get("q", "").strip()[:60], request.args.get("sort", ""))


@requests.get("/")
@guard(Can.REQUEST_DECIDE)
def listing() -> Any:
    """Requests, open ones first."""
    number, size = wanted()
    return render_template("trainhub/identity/data_requests.html", page=paginate(_requests(), number=number, size=size, scalars=False), labels=labels)


REQUESTS = (
    Column("name", "申请人"),
    Column("kind", "事项"),
    Column("text", "说明"),
    Column("asked_at", "提交"),
    Column("state", "状态"),
    Column("decided_at", "办结时间"),
)


@requests.get("/export.<form>")
@guard(Can.REQUEST_DECIDE)
def export(form: str) -> Any:
    """The requests as they are filtered and sorted, as a file."""
    rows = (
        (
            r.display_name,
            str(labels.REQUEST_KINDS[r.kind]),
            r.text,
            format_datetime(r.asked_at),
            str(labels.REQUEST_STATES[r.state]),
            format_datetime(r.decided_at) if r.decided_at else None,
        )
        for r in session().execute(_requests())
    )
    return downloads.table(rows, REQUESTS, name=_("个人信息申请"), form=form)


def _page(row: DataRequest, form: DecisionForm, status: int = 200) -> Any:
    from trainhub.identity import retention

    account = queries.account(row.account_id)
    return (
        render_template(
            "trainhub/identity/data_request.html",
            row=row,
            name=account.display_name,
            holds=persons.standing_holds(account.person_id) if account.person_id is not None else [],
            form=form,
            labels=labels,
            retention=retention.periods(clock.today()),
        ),
        status,
    )


@requests.get("/<int:request_id>")
@guard(Can.REQUEST_DECIDE, load=_load, subject=_nothing)
def show(row: DataRequest) -> Any:
    """One request with the retention periods that bind its answer."""
    return _page(row, DecisionForm(formdata=None, version=len(row.text)))


def _decided(request_id: int, is_sent: bool) -> str:
    """Where who asked finds the answer; a closed account has no page any more."""
    if queries.account(_load(request_id).account_id).state is not AccountState.DELETED:
        said = _("处理结果已保存，申请人可以在“我的数据”中看到。")
    else:
        said = _("处理结果已保存，账号已注销。")
        if not is_sent:
            return said + _("申请人没有可用的邮箱，登录后也看不到答复：请另行告知。")
    return said + _("答复已寄往申请人的邮箱。") if is_sent else said


@requests.post("/<int:request_id>")
@guard(Can.REQUEST_DECIDE, load=_load, subject=_nothing)
def decide(row: DataRequest) -> Any:
    """Answer it."""
    by = acting()
    assert by is not None
    request_id = row.id
    form = DecisionForm(version=len(row.text))
    if form.validate():
        try:
            with transaction():
                is_sent = ops.decide_request(
                    row=_load(request_id),
                    state=RequestState(form.state.data),
                    answer=form.answer.data or "",
                    by=by,
                    now=clock.now(),
                    closes_account=bool(form.closes_account.data),
                    seen=form.version.data or None,
                )
            return done(_decided(request_id, is_sent), "data_requests.listing")
        except Refused as refused:
            form.refuse(refused)
    return _page(_load(request_id), form, 422)
