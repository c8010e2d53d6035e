"""Learning paths: several courses in an order, with how far a learner is."""
