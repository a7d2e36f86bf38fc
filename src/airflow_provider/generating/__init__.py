"""A graph becomes a DAG file and its pools: pure functions, and no Airflow needed."""
