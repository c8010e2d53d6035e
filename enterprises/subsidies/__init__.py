"""Training subsidies: rates, claims of training organisations, sampling, payment lists, clawback."""
