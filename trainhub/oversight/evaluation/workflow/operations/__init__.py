"""The verbs of the workflow: moving an application, its documents, its visit and experts, the yearly list."""
