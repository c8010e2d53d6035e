"""Reports and the policy pages that the documents ask for."""
