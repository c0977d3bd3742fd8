"""What is done to a data set: checks, splits, statistics, augmentation, the torch data set."""
