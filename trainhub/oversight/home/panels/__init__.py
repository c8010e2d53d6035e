"""What the first page says to each role."""
