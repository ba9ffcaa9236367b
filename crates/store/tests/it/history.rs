//! Trends, samples and what is kept, from outside.
