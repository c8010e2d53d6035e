"""Teaching assignments and lead lecturers."""
