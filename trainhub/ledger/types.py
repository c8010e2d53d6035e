"""Values of the ledger."""

from __future__ import annotations

from enum import StrEnum


class Category(StrEnum):
    """Who is trained for the 400,000 goal (FJ-16c): founders and workers of the internet economy."""

    FOUNDER = "founder"
    WORKER = "worker"


class Source(StrEnum):
    """What pushed the fact down."""

    ROSTER = "roster"
    COURSE = "course"
    PLACEMENT = "placement"
    CAPSTONE = "capstone"
