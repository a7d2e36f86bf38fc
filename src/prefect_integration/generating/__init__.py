"""A graph becomes a flow file, its limits and its deployment: pure functions, and no Prefect needed."""
