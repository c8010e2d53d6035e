"""The planner of placement terms: pure values in, a plan with its proof and explanations out."""
