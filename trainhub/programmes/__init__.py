"""Programmes (专业点) and their versions, cohorts, graduation requirements, indicator points."""
