"""Talent databases: part-time mentors, high-level talent with their recognition, exam-pass lists, the urgent-shortage catalogue."""
