"""Persons, students and teachers from and to tables."""
