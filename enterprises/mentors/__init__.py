"""The pool of enterprise mentors."""
