"""Pages of learners and of those who teach them."""
