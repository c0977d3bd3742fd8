"""Work on data sets: checks, splits, statistics, augmentation, the torch data set."""

import os

# albumentations asks the network for updates when it is imported, which any module of this room may do.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
