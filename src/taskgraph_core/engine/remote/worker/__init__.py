"""What runs on the workers of a cluster. Standard library only: none of our packages is installed there.

``remote.package`` sends the source of these modules, and of those of the engine that they use.
"""
