"""Credit recognition and transfer (学分认定与转换): mapping tables, applications with evidence, decisions, appeals."""
