"""Curriculum of a programme per version and term."""
