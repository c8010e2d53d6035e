"""What the first page counts, where the rooms have no count of their own."""
