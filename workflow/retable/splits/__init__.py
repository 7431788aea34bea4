"""Which clips train and which are held out, and what the two sides share."""
