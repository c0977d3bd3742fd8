"""The front door: the whole way from labelled pictures to predictions; each step is a function or a method.

Each of them calls what the command of the same name calls, see docs/python.md.
"""
