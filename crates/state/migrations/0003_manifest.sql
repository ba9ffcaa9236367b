-- Files of samples that a hub keeps beside this database, and what explains gaps between samples.

-- The manifest: what is not named here is not there.
CREATE TABLE sample_file (
  object TEXT NOT NULL PRIMARY KEY,
  edge TEXT NOT NULL,
  day BIGINT NOT NULL,
  size BIGINT NOT NULL,
  samples BIGINT NOT NULL,
  first_arrival BIGINT NOT NULL,
  last_arrival BIGINT NOT NULL,
  ranges TEXT NOT NULL
);
CREATE INDEX sample_file_day ON sample_file (edge, day);

-- Stretches of arrival time of which an edge said why there may be nothing.
CREATE TABLE sample_gap (
  edge TEXT NOT NULL,
  from_arrival BIGINT NOT NULL,
  to_arrival BIGINT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (edge, from_arrival, to_arrival, reason)
);
