"""Work on data sets: checks, splits, statistics, augmentation, the torch data set."""
