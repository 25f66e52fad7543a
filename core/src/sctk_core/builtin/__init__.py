"""What core brings itself: the file source, and evaluators that need no model."""
