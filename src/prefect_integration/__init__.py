"""Taskgraph for Prefect: a graph becomes a flow file and its limits."""
