"""The pages of the bank and of quizzes for those who teach."""
