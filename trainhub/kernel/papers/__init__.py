"""Written documents: one content of headings, paragraphs and tables, drawn as DOCX to be edited or as PDF to be filed."""
