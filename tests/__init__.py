"""The tests of the whole house."""

import gc

# What is loaded and what a test makes mostly stays until its end: to look for garbage after each 700 objects was a twentieth of the time.
gc.set_threshold(20_000, 20, 20)
