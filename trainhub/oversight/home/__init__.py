"""Each role's first page: what to do next."""
