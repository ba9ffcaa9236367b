//! A simulated plant, an edge and a screen in one command.
