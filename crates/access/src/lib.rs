//! Who may do what, why not, and who could.
