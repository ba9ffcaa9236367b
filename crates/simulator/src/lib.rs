//! Machines with physics and fault switches on real protocols.
