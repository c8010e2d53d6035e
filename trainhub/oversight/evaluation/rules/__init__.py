"""The judgements of programme evaluation, one module for a group of requirements; all pure."""
