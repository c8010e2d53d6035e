"""Tables of what is entered capstone by capstone or group by group: places and days (M8.2, T2), and defence groups."""

from enterprises.capstones.imports.groups import GROUPS, GROUPS_SPEC, group_rows
from enterprises.capstones.imports.places import PLACES, PLACES_SPEC, place_rows

__all__ = ["GROUPS", "GROUPS_SPEC", "PLACES", "PLACES_SPEC", "group_rows", "place_rows"]
