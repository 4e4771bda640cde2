"""Evidence: raw rows of every arm of every trial, computed once, kept under a digest, verified before they are read."""
