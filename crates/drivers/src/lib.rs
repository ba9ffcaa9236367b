//! Device to samples: one folder per protocol; driver.rs is the contract.
