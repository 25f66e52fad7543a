//! Rows of tokens into bins of a fixed capacity.
