"""Award eligibility and decisions per base."""
