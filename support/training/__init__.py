"""Training of many small networks of one architecture at once."""
