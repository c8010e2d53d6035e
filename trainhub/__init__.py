"""trainhub: engineering talent training from the first lesson to the verified certificate."""

__version__ = "0.1.0"
