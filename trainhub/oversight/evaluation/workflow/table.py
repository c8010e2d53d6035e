"""The state machine printed as a table for the documentation; a test compares the two."""

from __future__ import annotations

from trainhub.kernel.i18n import in_language
from trainhub.oversight.evaluation.workflow import rules, words

BEGIN = "<!-- the table of the state machine, printed by: trainhub evaluation workflow -->"
END = "<!-- end of the table -->"


def markdown() -> str:
    """The table in the official terms: number, event, from, to, who, guards, clock, documents, clause."""
    lines = ["| # | 事件 | 从 | 到 | 办理人 | 条件 | 时限 | 文件 | 依据 |", "|---|---|---|---|---|---|---|---|---|"]
    with in_language("zh"):
        for one in rules.TABLE:
            sources = "、".join(str(words.STATES[state]) for state in one.sources) if len(one.sources) < 4 else "结论之前"
            cells = (
                one.code,
                str(words.EVENTS[one.event]) + (f"（{words.ROUTES[one.route]}）" if one.route else ""),
                sources,
                str(words.STATES[one.target]),
                str(words.ACTORS[one.actor]),
                "；".join(str(words.GUARDS[guard]) for guard in one.guards) or "—",
                str(words.DEADLINES[one.deadline]),
                "、".join(str(words.DOCUMENTS[kind]) for kind in one.documents) or "—",
                "实务需要，文件未规定" if one.clause == "own" else one.clause,
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
