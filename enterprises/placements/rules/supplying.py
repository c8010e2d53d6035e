"""Whether the seats that are free can bring the weeks that students still lack. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def weeks_short(needs: Sequence[int], terms: Collection[tuple[int, int]]) -> int:
    """How many weeks of what students lack (`needs`, in weeks, one for each) no free seat can bring; 0: the seats may do. `terms`: (free seats,
    weeks) of each. A student holds one seat a term at most, so that seats beyond the students bring nothing (PETOE-7.2)."""
    lacking = [weeks for weeks in needs if weeks > 0]
    return max(0, sum(lacking) - sum(min(free, len(lacking)) * weeks for free, weeks in terms))
