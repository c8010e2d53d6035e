"""School standards, indicator points and what covers them."""
