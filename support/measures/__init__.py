"""What is measured on a model's outputs."""
