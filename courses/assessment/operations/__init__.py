"""The verbs of question banks, quizzes and attempts."""
