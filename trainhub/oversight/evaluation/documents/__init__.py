"""The documents of the evaluation: the supplementary report, the four tables, the materials, the visit form, the dossier."""
