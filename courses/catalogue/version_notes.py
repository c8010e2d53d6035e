"""What the history of a part says of a step that the platform names itself: stored as a code, told in the reader's language."""

from __future__ import annotations

import re

from trainhub.kernel.i18n import _

RULES = "@rules"
CONDITIONS = "@conditions"
_CODE = re.compile(r"@(restored|rules-restored):(\d+)")
_OLD = re.compile(r"恢复第 (\d+) 版(的作答规则)?")
"""As it was stored before, in the language of whoever pressed; the Chinese of it is still read."""


def restored(number: int, *, only_rules: bool = False) -> str:
    """The code of going back to a version, or to its rules only."""
    return f"@{'rules-restored' if only_rules else 'restored'}:{number}"


def said(note: str) -> str:
    """A note as it is shown; what a person wrote stays as it is."""
    known, old = _CODE.fullmatch(note), _OLD.fullmatch(note)
    if known or old:
        only_rules = known[1] == "rules-restored" if known else bool(old and old[2])
        number = int(known[2] if known else old[1] if old else 0)
        return _("恢复第 %(n)d 版的作答规则", n=number) if only_rules else _("恢复第 %(n)d 版", n=number)
    if note in (RULES, "作答规则"):
        return _("作答规则")
    return _("开放条件") if note in (CONDITIONS, "开放条件") else note
