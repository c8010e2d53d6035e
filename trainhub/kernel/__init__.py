"""The kernel knows no domain: database, access, errors, clock, audit, jobs, languages, paging, files, sheets, documents, forms."""
