"""The programs of a run, from their start to the last of what they left behind.

host            all of them together
spawn           starts one; children hears that it ended, usage tells how and what it used
process         ends one, with everything that belongs to it, which tree finds among procs
output          bounds what is kept of what they print
leftovers       ends what nobody looks after; guardian does so when this process dies
"""
