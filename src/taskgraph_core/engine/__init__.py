"""Carries a graph out on this machine."""
