"""Models: tensors in, logits per task out; they never touch files."""
