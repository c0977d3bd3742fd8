"""What labels mean: numbers, spellings and groups that people gave objects."""
