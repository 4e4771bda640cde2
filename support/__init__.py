"""Library behind the claims: data, models, experiments, evidence, statistics and the report."""
