"""Universities, schools, enterprises, bases (as organisations), departments, regions."""
