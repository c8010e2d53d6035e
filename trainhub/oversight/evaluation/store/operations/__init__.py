"""The verbs of the evidence store: keep, renew, withdraw, freeze; the texts of the report; days remembered."""
