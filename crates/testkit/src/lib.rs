//! For tests only: peers, faulty links, conformance suites.
