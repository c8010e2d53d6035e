"""Rules of addresses. What builds the address of a rule is compiled when the first one is asked for: for all of a thousand rules that is most of what it
takes to make the app, before each command, server and worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]


class LateRule(Rule):
    """Matches as any other; its builder is made with its first address."""

    def _compile_builder(self, append_unknown: bool = True) -> Builder:
        compiled, made = super()._compile_builder, list[Builder]()

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            if not made:
                made.append(compiled(append_unknown))
            return made[0](rule, **values)

        return build
