"""Navigation by role: rooms register entries at start-up, a page shows those its reader may open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Flask, current_app, request, url_for

from trainhub.kernel.access import Identity, Role, acting, may
from trainhub.kernel.i18n import _l

SECTIONS = {
    "mine": _l("我的"),
    "learn": _l("课程学习"),
    "practice": _l("企业实践"),
    "programme": _l("专业建设"),
    "province": _l("培训与奖补"),
    "people": _l("机构与人员"),
    "system": _l("系统"),
}

PLACES = {key: place for place, key in enumerate(SECTIONS)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. It is shown to holders of `can`, or of one of `roles` (empty: everybody signed in)."""

    section: str
    label: Any
    endpoint: str
    icon: str = "dot"
    can: StrEnum | None = None
    roles: tuple[Role, ...] = ()
    order: int = 50
    when: Callable[[Identity], bool] | None = None
    args: tuple[tuple[str, Any], ...] = ()


def register_nav(app: Flask, *entries: Entry) -> None:
    """Called by a room's `wiring.py`. `roles` narrows who needs it at hand, `can` who may open it."""
    for entry in entries:
        if entry.section not in SECTIONS:
            raise RuntimeError(f"navigation section {entry.section} is unknown")
    known: list[Entry] = app.extensions.setdefault("trainhub.nav", [])
    known.extend(entries)
    known.sort(key=lambda entry: (PLACES[entry.section], entry.order))


def _shown(entry: Entry, identity: Identity) -> bool:
    if entry.roles and not identity.has(*entry.roles):
        return False
    if entry.when is not None and not entry.when(identity):
        return False
    # A permission over one's own things only shows with the roles or `when` of its entry: here it is asked "anywhere".
    return entry.can is None or bool(entry.roles) or entry.when is not None or may(identity, entry.can)


def _here(shown: list[tuple[Entry, str]]) -> Entry | None:
    """The one entry of this page, over all sections: its own, else the one whose address begins this page's
    (/people/students/7 belongs to /people/students), else the first of the same feature. The first page of all is
    nobody's: what it shares a feature with (the handbook) belongs to no entry."""
    inside: list[tuple[int, int, Entry]] = []
    beside: Entry | None = None
    feature = (request.endpoint or "").rpartition(".")[0]
    for entry, url in shown:
        if entry.endpoint == request.endpoint:
            return entry
        address = url.split("?")[0].rstrip("/")
        if not address:
            continue
        if request.path.startswith(f"{address}/"):
            inside.append((len(address), entry.order, entry))
        elif beside is None and feature and entry.endpoint.rpartition(".")[0] == feature:
            beside = entry
    return max(inside, key=lambda found: found[:2])[2] if inside else beside


def _address(entry: Entry) -> str:
    """Where an entry leads: every page shows all of a reader's, so each address is made once, unless a server puts something before it."""
    if request.script_root:
        return url_for(entry.endpoint, **dict(entry.args))
    known: dict[tuple[Any, ...], str] = current_app.extensions.setdefault("trainhub.nav.addresses", {})
    key = (entry.endpoint, entry.args)
    if key not in known:
        known[key] = url_for(entry.endpoint, **dict(entry.args))
    return known[key]


def navigation() -> list[dict[str, Any]]:
    """The sections for this reader: label and items (label, url, icon, current)."""
    identity = acting()
    if identity is None or identity.account_id is None:
        return []
    entries: list[Entry] = current_app.extensions.get("trainhub.nav", [])
    shown = [(e, _address(e)) for e in entries if _shown(e, identity)]
    here = _here(shown)
    sections = []
    for key, label in SECTIONS.items():
        items = [{"label": str(e.label), "url": url, "icon": e.icon, "badge": None, "current": e is here} for e, url in shown if e.section == key]
        if items:
            sections.append({"key": key, "label": str(label), "entries": items, "items": items})
    return sections
