"""The pages of the gradebook: `book` for those who fill it, `tables` for files, figures and a learner's own view."""
