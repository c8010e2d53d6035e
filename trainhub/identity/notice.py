"""The privacy notice: a versioned text in both languages under templates/trainhub/identity/privacy/."""

VERSION = "2026-11-30"
"""The version people consent to; a new text gets a new version and everybody is asked again."""
