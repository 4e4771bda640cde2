"""What the claims are measured on: image datasets, their noise frames, and synthetic samples."""
