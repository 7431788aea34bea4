"""Tables of published beside reproduced values."""
