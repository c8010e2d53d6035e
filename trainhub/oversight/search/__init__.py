"""Global search over what the reader may see."""
