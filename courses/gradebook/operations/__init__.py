"""The verbs of the gradebook: `books` for its make-up, `grades` for cells and totals, `sheets` for tables."""
