"""Surveys: what enterprises need, where graduates went."""
