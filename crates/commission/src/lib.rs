//! Verbs for commissioning: check, browse, read and write one device.
