"""Trials on the workers of an existing Dask cluster: its address, the client, what a worker does, a user's files."""
