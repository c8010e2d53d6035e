"""The steps of a computation, for those who show progress (without loading the solver)."""

from __future__ import annotations

STEPS = 4
"""Read, how many reach their target, where and when, left-over seats."""
