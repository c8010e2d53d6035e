"""Questions from files and to files: Excel, GIFT, AIKEN, behind one neutral form that later formats can join."""
