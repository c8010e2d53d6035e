"""One module for each kind of report: from what was asked to a document. The text of a report is Chinese, as it is handed in."""
