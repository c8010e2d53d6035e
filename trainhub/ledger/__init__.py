"""Append-only training records and confirmed days, their sum to weeks; corrections are new rows."""
