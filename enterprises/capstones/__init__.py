"""Capstone topics, dual supervisors, grading."""
