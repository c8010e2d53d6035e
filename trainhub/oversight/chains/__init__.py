"""Course, placement and capstone of a student: the programme certificate."""
