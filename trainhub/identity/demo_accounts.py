"""The accounts of a demonstration, shown on its sign-in page as a courtesy; their password is public (docs: the contract)."""

from __future__ import annotations

from trainhub.kernel.access import ROLE_LABELS, Role
from trainhub.kernel.i18n import _

PASSWORD = "demo-2026"  # noqa: S105
NAMES: tuple[tuple[str, Role], ...] = (
    ("student", Role.STUDENT),
    ("trainee", Role.TRAINEE),
    ("lecturer", Role.LECTURER),
    ("mentor", Role.MENTOR),
    ("supervisor", Role.SCHOOL_SUPERVISOR),
    ("enterprise", Role.ENTERPRISE_COORDINATOR),
    ("programme", Role.PROGRAMME_ADMIN),
    ("prefecture", Role.PREFECTURE_OPERATOR),
    ("province", Role.DEPT_EDU),
    ("expert", Role.EXPERT),
    ("admin", Role.SYSTEM_ADMIN),
)


def listed() -> list[dict[str, str]]:
    """Name, role and password of each, in the order of the contract."""
    labels = {"province": _("省级部门")}
    return [{"name": name, "role": labels.get(name, str(ROLE_LABELS[role])), "password": PASSWORD} for name, role in NAMES]
