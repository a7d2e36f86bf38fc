"""Taskgraph for Prefect: a graph becomes a flow file, its limits and its deployment.

``generating`` makes them and needs no Prefect. ``running`` is what a generated flow calls: its
``dispatch`` drives the core's scheduler, and ``task_runs`` carries out its decisions as Prefect
task runs. This package itself imports nothing, because Prefect imports it whenever its command
line starts (entry point ``prefect.collections``).
"""
