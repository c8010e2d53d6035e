"""Persons (one per human), students, teachers, employment and enterprise experience."""
