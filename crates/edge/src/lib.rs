//! The program at the machine. Start reading in run.rs.
