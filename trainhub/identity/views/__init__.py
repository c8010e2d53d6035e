"""Pages of accounts, sign-in and privacy."""
