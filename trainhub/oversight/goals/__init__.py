"""The 400,000 goal: targets, progress by year, region and base."""
