//! Files for people: TOML with positions, all problems at once, schema.
