"""Assignments: handing work in, grading it by rubric, peer review, double marking."""
