"""Places, days and defence groups as tables: out as they stand, in with a check and a dry run."""

from __future__ import annotations

from typing import Any

from enterprises.capstones import imports
from enterprises.capstones.views import blueprint
from enterprises.capstones.views.cohorts import Pair, load_cohort, subject
from enterprises.permissions import Can
from trainhub.kernel import downloads
from trainhub.kernel.access import guard
from trainhub.kernel.i18n import _
from trainhub.kernel.import_pages import add_pages

add_pages(blueprint, imports.PLACES_SPEC, can=Can.CAPSTONE_IMPORT, path="/places/import", back="capstones.index")
add_pages(blueprint, imports.GROUPS_SPEC, can=Can.CAPSTONE_IMPORT, path="/defences/import", back="capstones.index")


def _load(code: str, year: int, form: str) -> tuple[Pair, str]:
    return load_cohort(code, year), form


@blueprint.get("/cohorts/<code>/<int:year>/places.<form>")
@guard(Can.CAPSTONE_ASSIGN, load=_load, subject=lambda found: subject(found[0]))
def export_places(found: tuple[Pair, str]) -> Any:
    """Places and days of a cohort, as the import reads them."""
    (programme, of), form = found
    schema, name = imports.PLACES, f"{_('毕业设计时间地点')}-{programme.code}-{of.year}"
    return downloads.table(imports.place_rows(programme, of), schema.columns, name=name, form=form, codes=downloads.codes_of(schema))


@blueprint.get("/cohorts/<code>/<int:year>/groups.<form>")
@guard(Can.CAPSTONE_ASSIGN, load=_load, subject=lambda found: subject(found[0]))
def export_groups(found: tuple[Pair, str]) -> Any:
    """The defence groups of a cohort, as the import reads them."""
    (programme, of), form = found
    schema, name = imports.GROUPS, f"{_('毕业设计答辩组')}-{programme.code}-{of.year}"
    return downloads.table(imports.group_rows(programme, of), schema.columns, name=name, form=form, codes=downloads.codes_of(schema))
