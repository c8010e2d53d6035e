"""Between the staff of a run and its learners: announcements, and threads of messages."""
