"""What a lecturer learns about a run: where learners stop, who needs help, how groups compare."""
