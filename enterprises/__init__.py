"""The room of what is done in the field: bases, mentors, placements, capstones, contributions, awards."""
