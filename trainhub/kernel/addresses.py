"""Words that stand in addresses where a code may stand, too: a thing with such a code could never be opened."""

from __future__ import annotations

import re
from enum import Enum
from functools import cache

from flask import current_app
from werkzeug.routing import Map


class Kind(Enum):
    """What has a code that somebody chooses, and what stands in front of it in the addresses of pages."""

    ORGANISATION = ("/organisations/", "/bases/", "/awards/bases/", "/awards/companies/", "/awards/credit/", "/capstones/enterprises/")
    PROGRAMME = ("/programmes/", "/evaluation/", "/chains/", "/capstones/cohorts/", "/teaching/programmes/")
    COURSE = ("/courses/", "/teaching/courses/")
    PATH = ("/paths/", "/teaching/paths/")
    GOAL = ("/goals/",)


def is_page(code: str, kind: Kind) -> bool:
    """Whether an address of a thing of this kind with this code is another page (`new`, `import`, `export.csv`, `mine`), in any letters."""
    return _pages(current_app.url_map, kind).fullmatch(code) is not None


@cache
def _pages(known: Map, kind: Kind) -> re.Pattern[str]:
    """What stands beside a code in the addresses of a kind; a part of it that varies (the ending of a download) is any text."""
    addresses = [rule.rule for rule in known.iter_rules()]
    beside = {address[len(start) :].split("/")[0] for start in kind.value for address in addresses if address.startswith(start)}
    words = {one for one in beside if one and not one.startswith("<")}
    if not words:
        return re.compile("(?!)")
    return re.compile("|".join(".+".join(re.escape(part) for part in re.split("<[^>]*>", one)) for one in sorted(words)), re.IGNORECASE)
