"""The one training engine of all papers."""
