"""The verbs of programme evaluation: judgements and decisions, and the registers."""
