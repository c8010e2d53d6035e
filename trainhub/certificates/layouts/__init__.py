"""Certificate templates: layouts as versioned data, and their drawing."""
