"""Interchange formats: packages of other systems in, packages for other systems out."""
