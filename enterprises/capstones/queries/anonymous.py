"""Selects on theses without names: the one that belongs to the version of the thesis that is in."""

from __future__ import annotations

from sqlalchemy import select

from enterprises.capstones.models import CapstonePaper, SpotItem
from enterprises.capstones.types import Stage
from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile


def thesis_paper(capstone_id: int) -> CapstonePaper | None:
    """The latest version of the thesis."""
    theses = select(CapstonePaper).where(CapstonePaper.capstone_id == capstone_id, CapstonePaper.stage == Stage.THESIS)
    return session().scalar(theses.order_by(CapstonePaper.id.desc()).limit(1))


def anonymous_of(capstone_id: int) -> int | None:
    """The file of the latest version of the thesis without names; None: there is none."""
    paper = thesis_paper(capstone_id)
    return paper.anonymous_file_id if paper is not None else None


def read_by_experts(item: SpotItem) -> int | None:
    """The file that the experts of a spot check read: made for the check, else the student's own without names."""
    return item.anonymous_file_id or anonymous_of(item.capstone_id)


def read_sums(items: list[SpotItem]) -> dict[int, str]:
    """{item: the checksum of the file that its experts read, or will}; two queries however many they are."""
    latest = _latest(items)
    wanted = {item.id: item.anonymous_file_id or latest.get(item.capstone_id) for item in items}
    sums = select(StoredFile.id, StoredFile.sha256).where(StoredFile.id.in_({key for key in wanted.values() if key}))
    known = {key: sha256 for key, sha256 in session().execute(sums)}
    return {item: known[key] for item, key in wanted.items() if key in known}


def without_names(items: list[SpotItem]) -> set[int]:
    """The items of a sample that may be sent to experts; one query however many they are."""
    latest = _latest(items)
    return {item.id for item in items if item.anonymous_file_id or latest.get(item.capstone_id)}


def _latest(items: list[SpotItem]) -> dict[int, int | None]:
    """{capstone: the student's own file without names} of the latest version of each thesis."""
    mine = select(CapstonePaper.capstone_id, CapstonePaper.anonymous_file_id).where(
        CapstonePaper.capstone_id.in_([item.capstone_id for item in items]), CapstonePaper.stage == Stage.THESIS
    )
    return {key: file_id for key, file_id in session().execute(mine.order_by(CapstonePaper.id))}
