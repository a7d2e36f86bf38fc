"""Taskmaster plans: find, read, understand, lower to a TaskGraph, repair."""
