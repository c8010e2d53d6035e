"""Assign school and enterprise supervisors to capstones: pure values in and out, exact by min-cost flows (planning.md)."""
