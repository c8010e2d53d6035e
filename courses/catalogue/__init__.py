"""Courses, runs, content; the public catalogue; authoring."""
