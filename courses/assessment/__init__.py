"""Quizzes and their attempts, assignments."""
