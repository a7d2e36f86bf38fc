"""Servers of others on this machine, on loopback: for demonstrations, tests and measuring."""
