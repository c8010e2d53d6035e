"""The policy page: every number of law with its document, clause and quotation, searchable, by the day it is asked for."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cache
from typing import Any

from flask import Blueprint, jsonify, render_template, request, url_for
from markupsafe import Markup

from trainhub.kernel import clock, downloads
from trainhub.kernel.access import public
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _, language
from trainhub.kernel.numbers import a_day
from trainhub.kernel.sheets.types import Column
from trainhub.policy.book import book
from trainhub.policy.types import STATUS_LABELS, USE_LABELS, Clause, Parameter, PolicyError, SourceStatus, Use

blueprint = Blueprint("policy", __name__, url_prefix="/policy")


COLUMNS = (
    Column("parameter", "参数代码"),
    Column("name", "参数"),
    Column("value", "数值"),
    Column("since", "生效"),
    Column("until", "失效"),
    Column("status", "效力"),
    Column("document", "文件"),
    Column("use", "平台如何使用"),
    Column("clause", "条款"),
    Column("quotation", "原文"),
)


def _label(parameter: Parameter) -> str:
    return parameter.label_en if language() == "en" else parameter.label_zh


def _status(status: SourceStatus) -> str:
    return STATUS_LABELS[status][1 if language() == "en" else 0]


def _use(parameter: Parameter) -> str:
    return USE_LABELS[parameter.use][1 if language() == "en" else 0]


def cited(clause: Clause) -> str:
    """A clause as pages show it: its name, which leads to its words where the policy page has them; our own decisions lead to their reason."""
    if clause.document == "trainhub":
        return (
            Markup('<a href="{}">{}</a>').format(url_for("policy.show", key=clause.rule), _("平台规则")) if clause.rule in _keys() else _("平台规则")
        )
    if clause.rule in _rules():
        return Markup('<a href="{}">{}</a>').format(url_for("policy.index", q=clause.rule), clause.cite)
    return clause.cite


@cache
def _keys() -> frozenset[str]:
    return frozenset(p.key for p in book().all())


@cache
def _rules() -> frozenset[str]:
    return frozenset(c.rule for p in book().all() for c in p.clauses if c.rule)


def _asked_day() -> date:
    text = request.args.get("on", "")
    if not text:
        return clock.today()
    try:
        return a_day(text)
    except ValueError as wrong:
        raise Refused(_("日期“%(text)s”不存在：请按 2026-03-01 的格式输入。", text=text), field="on") from wrong


def _found() -> list[Parameter]:
    """The parameters that are asked for, by family and key."""
    text = request.args.get("q", "").strip()
    document, status = request.args.get("document", ""), request.args.get("status", "")
    found = [p for p in (book().search(text) if text else book().all()) if not document or document in {c.document for c in p.clauses}]
    return sorted((p for p in found if not status or p.source_status == status), key=lambda p: (p.family, p.key, p.since))


def _titles() -> dict[str, str]:
    return {d.code: d.title_en if language() == "en" else d.title_zh for d in book().documents()}


@blueprint.get("")
@public
def index() -> Any:
    """The parameters of a day, filtered by text, document and status."""
    on = _asked_day()
    rows = [
        {
            "parameter": p,
            "label": _label(p),
            "value": p.shown(english=language() == "en"),
            "status": _status(p.source_status),
            "is_in_force": p.holds(on),
            "use": "" if p.use is Use.APPLIED else _use(p),
        }
        for p in _found()
    ]
    titles = _titles()
    return render_template(
        "trainhub/policy/index.html",
        rows=rows,
        on=on,
        titles=titles,
        documents=[(code, title) for code, title in titles.items()],
        statuses=[(s.value, _status(s)) for s in SourceStatus],
        totals=Counter(p.source_status for p in book().all()),
        total=len(book().all()),
    )


@blueprint.get("/export.<form>")
@public
def export(form: str) -> Any:
    """The same list as a file, each number with its clause and quotation."""
    english, titles = language() == "en", _titles()
    cells = (
        (
            p.key,
            _label(p),
            p.shown(english=english),
            p.since,
            p.until,
            _status(p.source_status),
            titles.get(p.clause.document, p.clause.document),
            _use(p),
            p.clause.cite,
            p.clause.quote or p.reason,
        )
        for p in _found()
    )
    return downloads.table(cells, COLUMNS, name=_("政策参数"), form=form)


@blueprint.get("/<key>")
@public
def show(key: str) -> Any:
    """One parameter with all its versions, clauses and quotations."""
    try:
        versions = book().versions(key)
    except PolicyError as unknown:
        raise NotFound(str(unknown)) from unknown
    documents = {d.code: d for d in book().documents()}
    return render_template(
        "trainhub/policy/show.html",
        key=key,
        versions=[
            {"parameter": p, "label": _label(p), "value": p.shown(english=language() == "en"), "status": _status(p.source_status), "use": _use(p)}
            for p in versions
        ],
        label=_label(versions[-1]),
        documents=documents,
        english=language() == "en",
        status_of=_status,
    )


@blueprint.get("/parameters.json")
@public
def as_json() -> Any:
    """All parameters as data, for those who build on them."""
    return jsonify(parameters=[p.as_dict() for p in book().all()])
