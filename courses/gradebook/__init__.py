"""The gradebook of a run: categories, columns, scales, history, and the total that is the mark of a learner."""
