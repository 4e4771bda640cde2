"""Closed forms that measured effects are compared with."""
