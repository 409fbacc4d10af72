"""The fictional documentation centre of the examples: see ../make_centre.py."""
