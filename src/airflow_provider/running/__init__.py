"""What carries a plan's tasks out inside Airflow, with the core's own machinery, where a DAG asks for it.

operator     TaskgraphOperator: one task of a plan
decorator    @task.taskgraph: a function of the DAG file, in the same way
work         what an operator was told, as the core's own action and resources
attempt      one attempt through the core: its process tree, its timeout, its output
following    a program's output, line by line, while it grows
leftovers    what an attempt left running whose own process died
limits       rates of starts and circuit breakers, kept by all processes of a machine together
gate         the scheduler's gate, going on from what other processes left
memory       what they leave: a file a resource; shared says where
steady       time that all processes of a machine agree on, whatever is done to its clock

Only the operator, the decorator and shared need Airflow. Import them from their modules: this one imports
nothing, as a DAG file is read again in every task's process.
"""
