"""What there is to build, and what makes a job run again."""
