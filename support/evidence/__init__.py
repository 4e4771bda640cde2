"""Evidence: raw rows per trial, computed once, kept on disk under a digest, verified before they are read."""
