"""Public holidays as the yearly notices announce them: entered with the document, closed when wrong, used by the ledger of weeks."""
