"""The evidence store M1.1 to M10.5: files with versions and validity, what is frozen at submission, the texts of the report."""
