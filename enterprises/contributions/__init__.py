"""What enterprises contribute to training."""
