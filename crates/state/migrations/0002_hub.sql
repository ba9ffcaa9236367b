-- What a hub keeps of its edges. Epochs are 64 random bits, kept as the BIGINT of the same bits. `stream` is the stream's number
-- on the wire; numbers of records are at most 2^63 - 1.

-- The hub's half of the conversation with an edge (`link::up::hub::Account`, as JSON). `revision` counts its changes, so that
-- nobody writes over what he did not read.
CREATE TABLE edge_account (
  edge TEXT NOT NULL PRIMARY KEY,
  revision BIGINT NOT NULL,
  account TEXT NOT NULL
);

-- Parcels as they came, until they are moved into files.
CREATE TABLE staged_parcel (
  edge TEXT NOT NULL,
  epoch BIGINT NOT NULL,
  stream BIGINT NOT NULL,
  first BIGINT NOT NULL,
  last BIGINT NOT NULL,
  crc BIGINT NOT NULL,
  taken BIGINT NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (edge, epoch, stream, first)
);

-- What stands for the content at some numbers whose parcels were moved out.
CREATE TABLE kept_mark (
  edge TEXT NOT NULL,
  epoch BIGINT NOT NULL,
  stream BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  crc BIGINT NOT NULL,
  PRIMARY KEY (edge, epoch, stream, seq)
);

-- Ranges that a life owed and that will never come.
CREATE TABLE lost_range (
  edge TEXT NOT NULL,
  epoch BIGINT NOT NULL,
  stream BIGINT NOT NULL,
  first BIGINT NOT NULL,
  last BIGINT NOT NULL,
  reason TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (edge, epoch, stream, first)
);

-- What groups and packings mean, as records of the log. `packing` is -1 for the series of the group itself.
CREATE TABLE told_meaning (
  edge TEXT NOT NULL,
  epoch BIGINT NOT NULL,
  stream BIGINT NOT NULL,
  scan_group BIGINT NOT NULL,
  packing BIGINT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (edge, epoch, stream, scan_group, packing)
);

-- Enrolment: places that wait for a box, boxes that wait for a person, keys of edges.
CREATE TABLE claim (
  code TEXT NOT NULL PRIMARY KEY,
  place TEXT NOT NULL,
  made_by TEXT NOT NULL,
  expires BIGINT NOT NULL
);

CREATE TABLE waiting_box (
  box_key TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  place TEXT NOT NULL,
  again TEXT,
  since BIGINT NOT NULL
);

CREATE TABLE enrolled_key (
  box_key TEXT NOT NULL PRIMARY KEY,
  edge TEXT NOT NULL,
  place TEXT NOT NULL,
  approved_by TEXT NOT NULL,
  expires BIGINT NOT NULL,
  revoked BIGINT NOT NULL
);
