"""How the three facts of a chain are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel.i18n import _l

FACTS: Mapping[str, Any] = {
    "chain.course": _l("在线课程"),
    "7.2": _l("企业学习"),
    "chain.capstone": _l("毕业设计"),
}
