"""Builds the demo province through the operations of all rooms."""
