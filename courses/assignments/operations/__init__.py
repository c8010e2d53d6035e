"""The verbs of assignments: `setup`, `handing_in`, `grading`, `releasing`, `peers`, `sheets`."""
