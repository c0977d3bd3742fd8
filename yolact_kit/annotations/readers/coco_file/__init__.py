"""What the entries of a COCO file hold: categories, masks, areas."""
