"""What the pocket models can do, measured on what they have never seen: `python -m pocket.evaluate`."""
