"""In-app and e-mail notices."""
