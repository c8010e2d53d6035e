"""Discussions of a run: threads and answers, mentions, reports, moderation, following."""
