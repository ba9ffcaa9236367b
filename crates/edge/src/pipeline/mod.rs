//! The data path, one file per noun, in the order in which data flows.

/// Asks a line for the scan groups that are due, and knows what each device is doing.
pub(crate) mod device;

/// Raw readings → samples: scale, quality, dead band.
pub(crate) mod sample;

/// The latest value of every tag; hands each scan on to whoever follows it.
pub(crate) mod tag_table;

/// Keeps every scan: one synced commit a second.
pub(crate) mod history;

/// Scans → windows → predictions → decisions of one deployment.
pub(crate) mod prediction;

/// Advisories into the record of alarms, without the path ever waiting for SQL.
pub(crate) mod alarm;

/// Scans → messages for brokers: what others read of us.
pub(crate) mod expose;
