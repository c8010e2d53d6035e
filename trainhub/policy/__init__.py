"""Dated parameters with their clause, and the findings that carry them. Numbers of law live here, judgements in each feature's rules."""
