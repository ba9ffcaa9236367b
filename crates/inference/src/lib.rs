//! Window to prediction: pure cores, the engine and its worker process.
