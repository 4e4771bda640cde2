"""Regression models of paper A: feature maps, their Gram matrices, and minimum-norm interpolation."""
