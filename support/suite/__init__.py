"""What `conftest.py` hooks into pytest: options, markers, the record of each case, and the end of a run."""
