"""The history of a base as a time line: what it became, with whom, what was agreed, accepted, inspected and mended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from enterprises.bases import labels, queries
from enterprises.bases.types import BaseLevel, Conclusion
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.i18n import _, listed
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened on a day. `status` is the look of the time line: ok, bad, info or nothing."""

    on: date
    title: str
    text: str = ""
    status: str = ""


def moments(base: Organisation, *, today: date, is_inside: bool) -> list[Moment]:
    """Everything dated that is known of a base until today, the latest first; findings and reviews for those inside only."""
    found = [*_standing(base), *_agreed(base), *_judged(base, is_inside=is_inside)]
    return sorted((one for one in found if one.on <= today), key=lambda one: (one.on, one.title), reverse=True)


def _standing(base: Organisation) -> list[Moment]:
    """Opening, types, hosts, leaders, spans with a capacity of their own."""
    profile = queries.profile(base.id)
    found = [Moment(profile.opened_on, _("基地启用"), "", "ok")] if profile is not None and profile.opened_on else []
    found += [Moment(one.since, _("登记为%(type)s", type=labels.BASE_TYPES[one.type])) for one in queries.types_of(base.id)]
    for host, partner in organisations.hosts_of(base.id):
        if host.since is not None:
            found.append(Moment(host.since, _("%(name)s参与共建", name=partner.name), _("牵头单位") if host.is_lead else ""))
        if host.until is not None:
            found.append(Moment(host.until, _("%(name)s退出共建", name=partner.name)))
    for leader, name in queries.leaders_of(base.id):
        side = str(labels.SIDES[leader.side])
        found.append(Moment(leader.since, _("%(name)s任负责人", name=name), f"{side} · {leader.post}"))
        if leader.until is not None:
            found.append(Moment(leader.until, _("%(name)s离任", name=name), f"{side} · {leader.post}"))
    found += [
        Moment(one.since, _("%(title)s：可接收 %(n)s 人", title=one.title, n=one.capacity), one.facilities) for one in queries.periods_of(base.id)
    ]
    return found


def _agreed(base: Organisation) -> list[Moment]:
    found = []
    for one in queries.agreements_of(base.id):
        found.append(Moment(one.signed_on, _("签署《%(title)s》", title=one.title), _("%(a)s 至 %(b)s 有效", a=one.since, b=one.until), "ok"))
        found.append(Moment(one.until, _("《%(title)s》到期", title=one.title), "", "info"))
    return found


def _judged(base: Organisation, *, is_inside: bool) -> list[Moment]:
    looks = {"recognised": "info", "accepted": "ok", "revoked": "bad"}
    found = [
        Moment(
            one.on,
            f"{labels.STEPS[one.step]} · {labels.BASE_TYPES[one.type]}",
            f"{labels.DEPARTMENTS[one.department]} {one.document}".strip(),
            looks[one.step],
        )
        for one in queries.acceptances_of(base.id)
    ]
    findings = queries.findings_of(base.id)
    for one in queries.inspections_of(base.id):
        lines = findings.get(one.id, []) if is_inside else []
        found.append(
            Moment(
                one.on,
                f"{labels.INSPECTIONS[one.kind]} · {labels.CONCLUSIONS[one.conclusion]}",
                listed(row.text for row in lines),
                "bad" if one.conclusion is Conclusion.FAILED else "ok",
            )
        )
        found += [Moment(row.closed_on, _("整改完成：%(text)s", text=row.text), row.measure, "ok") for row in lines if row.closed_on]
    return found


def changed(event: AuditEvent) -> str:
    """What an entry of the audit log says, in words: the fields with what stood there before and after, or what was registered."""
    if event.did != "bases.base.changed":
        return str(event.data.get("title") or event.data.get("document") or "")

    def said(name: str, value: Any) -> str:
        if value in (None, ""):
            return "—"
        if name == "level":
            return str(labels.LEVELS[BaseLevel(value)])
        if isinstance(value, bool):
            return _("是") if value else _("否")
        scale = 100_000 if name.endswith("_e5") else 100 if name.endswith("_fen") else 0
        return f"{value / scale:f}".rstrip("0").rstrip(".") if scale else str(value)

    return listed(
        f"{labels.FIGURES.get(name, name)} {said(name, values[0])} → {said(name, values[1])}"
        for name, values in event.data.items()
        if isinstance(values, list) and len(values) == 2
    )
