#!/bin/sh
# Stands for whoever does the work. Fields of the task come as environment variables, the whole of it as JSON.
echo "working on $TASKGRAPH_TASK_ID: $TASKGRAPH_TASK_TITLE"
sleep 0.2
