"""Published weights that networks may start from: where they are, and what is in them."""
