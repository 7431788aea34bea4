"""Features: pure functions from waveforms to what a model sees, and their packed store."""
