"""Terms, positions, rounds, placements, days and their confirmation."""
