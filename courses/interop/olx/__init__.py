"""OLX, the open learning XML of Open edX: a folder of small XML files that point at each other."""
