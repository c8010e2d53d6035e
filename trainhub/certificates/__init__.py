"""Certificates: numbers, templates, issue, print runs, verification, revocation."""
