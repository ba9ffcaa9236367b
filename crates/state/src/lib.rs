//! SQL for both roles: one query file per resource, migrations, the one Act function.
