"""The schema of a configuration, and how it is read from templates and files."""
