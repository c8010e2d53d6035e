"""The permission table as people read it: for each permission and role, how it is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from trainhub.identity.labels import room
from trainhub.kernel.access import ROLE_LABELS, Predicate, Role
from trainhub.kernel.i18n import _


@dataclass(frozen=True, slots=True)
class Cell:
    """How one role holds one permission: a stable word for the look, and its text."""

    how: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One permission over all roles; `others` says what does not depend on a role (one's own things, anybody signed in)."""

    name: str
    cells: list[Cell | None]
    others: list[str]


@dataclass(frozen=True, slots=True)
class Part:
    """The permissions of one room. `columns` are the roles that hold any of them, with the index of their cell."""

    name: str
    label: str
    rows: list[Row]
    columns: list[tuple[int, str]]


def parts(permissions: Mapping[StrEnum, tuple[tuple[Predicate, ...], ...]]) -> list[Part]:
    """The whole table by the room in front of the permission's name; roles without any permission in a room have no column there."""
    found: dict[str, list[Row]] = {}
    for name, ways in permissions.items():
        found.setdefault(str(name).split(":", 1)[0], []).append(_row(str(name), ways))
    return [
        Part(name, room(name), rows, [(n, str(ROLE_LABELS[role])) for n, role in enumerate(Role) if any(row.cells[n] for row in rows)])
        for name, rows in found.items()
    ]


def _row(name: str, ways: tuple[tuple[Predicate, ...], ...]) -> Row:
    words = {
        "everywhere": _("全省"),
        "any": _("有角色即可"),
        "over": _("本范围"),
        "own": _("本人"),
        "assists": _("本课程助教"),
        "association": _("认证协会"),
        "working_group": _("卓越计划专家工作组"),
        "visits": _("本次考查的专家（考查期前后）"),
        "assigned": _("被指派的专家"),
        "signed_in": _("登录即可"),
    }
    rank = {"everywhere": 3, "any": 2, "over": 1}
    held: dict[Role, str] = {}
    others: list[str] = []
    for every in ways:
        asked: list[tuple[str, tuple[Role, ...]]] = [(getattr(ask, "text", ""), getattr(ask, "roles", ())) for ask in every]
        extra = [words.get(text, text) for text, roles in asked if not roles and text]
        roles_asked = [(text, roles) for text, roles in asked if roles]
        if not roles_asked:
            others += [word for word in extra if word not in others]
            continue
        common = set(roles_asked[0][1]).intersection(*(roles for _text, roles in roles_asked[1:]))
        how = min((text for text, _roles in roles_asked), key=lambda text: rank.get(text, 0))
        for role in common:
            if role not in held or rank.get(how, 0) > rank.get(held[role], 0):
                held[role] = how
    cells: list[Cell | None] = [Cell(held[role], words.get(held[role], held[role])) if role in held else None for role in Role]
    return Row(name, cells, others)
