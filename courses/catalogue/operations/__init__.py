"""The verbs of courses, runs and their content."""
