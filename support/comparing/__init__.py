"""Reports held against each other: what moved since a baseline, and what several seeds say."""
