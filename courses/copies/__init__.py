"""A run prepared anew and parts copied, with everything the features keep for them."""
