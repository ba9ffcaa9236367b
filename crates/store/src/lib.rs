//! What survives a power cut: the log, history, cursors.
