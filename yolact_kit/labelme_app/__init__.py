"""labelme, run as a program of its own."""
