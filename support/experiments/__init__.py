"""Experiments: frozen configuration in, one set of raw rows per trial out."""
