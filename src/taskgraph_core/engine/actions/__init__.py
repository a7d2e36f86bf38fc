"""What this machine does for each kind of action.

perform             the one way in: a call to its result
workspace           what all actions of a run share: graph, places, environment, programs, threads
command, wait       programs, and waiting for something outside
python              functions: on the loop, in threads, or isolated in processes of their own
entry_point         finds a function by its name; returned: what of its result a record can hold
capture, threads    what functions print, and where those run that block
"""
