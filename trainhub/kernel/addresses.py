"""Words that stand in addresses where a code may stand, too: a thing with such a code could never be opened."""

from __future__ import annotations

import re
from functools import cache

from flask import current_app
from werkzeug.routing import Map

CODE = "<code>"


def is_page(code: str) -> bool:
    """Whether the address of a thing with this code is another page (`new`, `import`, `export.csv`, `mine`), in any letters."""
    return _pages(current_app.url_map).fullmatch(code) is not None


@cache
def _pages(known: Map) -> re.Pattern[str]:
    """What stands beside a code in any address; a part of it that varies (the ending of a download) is any text."""
    addresses = [rule.rule for rule in known.iter_rules()]
    before = {address[: address.index(CODE)] for address in addresses if CODE in address}
    beside = {address[len(start) :].split("/")[0] for start in before for address in addresses if address.startswith(start)}
    words = {one for one in beside if one and not one.startswith("<")}
    return re.compile("|".join(".+".join(re.escape(part) for part in re.split("<[^>]*>", one)) for one in sorted(words)), re.IGNORECASE)
