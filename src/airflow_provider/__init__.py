"""Taskgraph for Apache Airflow: a graph becomes a DAG file and its pools."""
