-- Types are BIGINT, DOUBLE PRECISION, TEXT and BLOB only (BLOB becomes BYTEA on PostgreSQL); times are µs since 1970 UTC.

CREATE TABLE setting (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE account (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL,
  role TEXT NOT NULL,
  password TEXT NOT NULL,
  created BIGINT NOT NULL,
  last_seen BIGINT
);

CREATE TABLE terminal (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  place TEXT NOT NULL,
  created BIGINT NOT NULL
);

-- kind: browser, terminal, token. Only the SHA-256 of a token is kept.
CREATE TABLE session (
  id TEXT NOT NULL PRIMARY KEY,
  token BLOB NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  account TEXT,
  terminal TEXT,
  created BIGINT NOT NULL,
  expires BIGINT
);

CREATE TABLE login_code (
  code BLOB NOT NULL PRIMARY KEY,
  account TEXT,
  terminal TEXT,
  expires BIGINT NOT NULL
);

-- The stream `change`: `entry` holds the canonical bytes, `digest` their SHA-256. The other columns repeat them for queries.
CREATE TABLE change (
  number BIGINT NOT NULL PRIMARY KEY,
  digest BLOB NOT NULL,
  entry BLOB NOT NULL,
  at BIGINT NOT NULL,
  act TEXT NOT NULL,
  place TEXT NOT NULL
);
CREATE INDEX change_at ON change (at);

CREATE TABLE site_revision (
  head BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  document TEXT NOT NULL
);

CREATE TABLE bundle (
  digest TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  contract TEXT NOT NULL,
  size BIGINT NOT NULL,
  added BIGINT NOT NULL,
  added_by TEXT NOT NULL
);

CREATE TABLE deployment (
  name TEXT NOT NULL PRIMARY KEY,
  place TEXT NOT NULL,
  mode TEXT NOT NULL,
  mode_since BIGINT NOT NULL,
  mode_by TEXT NOT NULL,
  revision BIGINT NOT NULL,
  created BIGINT NOT NULL,
  head BIGINT NOT NULL,
  removed BIGINT
);

CREATE TABLE deployment_revision (
  deployment TEXT NOT NULL,
  number BIGINT NOT NULL,
  bundle TEXT NOT NULL,
  document TEXT NOT NULL,
  at BIGINT NOT NULL,
  made_by TEXT NOT NULL,
  because TEXT,
  change BIGINT NOT NULL,
  PRIMARY KEY (deployment, number)
);

CREATE TABLE variable (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL,
  at BIGINT NOT NULL,
  set_by TEXT NOT NULL
);

CREATE TABLE advisory (
  id TEXT NOT NULL PRIMARY KEY,
  deployment TEXT NOT NULL,
  place TEXT NOT NULL,
  version TEXT NOT NULL,
  raised BIGINT NOT NULL,
  cleared BIGINT,
  acknowledged BIGINT,
  acknowledged_by TEXT,
  body TEXT NOT NULL
);
CREATE INDEX advisory_raised ON advisory (raised);

-- The stream `alarm`: raise and clear, in their own sequence.
CREATE TABLE alarm (
  seq BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  advisory TEXT NOT NULL,
  body TEXT NOT NULL
);
