-- Version 2: sums over the records, so that a million of them are searched and counted at once.
-- All of it follows from the records and can be made anew from them at any time; nothing here is evidence.

-- Attempts that agree in everything one filters by.
CREATE TABLE grouping (
    id INTEGER PRIMARY KEY,
    day INTEGER NOT NULL,           -- days since 1970, by the station's own calendar
    station INTEGER NOT NULL,
    profile INTEGER NOT NULL,
    procedure INTEGER NOT NULL,
    batch INTEGER,
    operator INTEGER,
    position INTEGER NOT NULL,
    simulated INTEGER NOT NULL,
    passed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    aborted INTEGER NOT NULL DEFAULT 0,
    first INTEGER NOT NULL DEFAULT 0,           -- units whose first measured attempt is here
    first_passed INTEGER NOT NULL DEFAULT 0,
    last INTEGER NOT NULL DEFAULT 0,            -- units whose last measured attempt is here
    last_passed INTEGER NOT NULL DEFAULT 0,
    duration_s REAL NOT NULL DEFAULT 0,
    gaps INTEGER NOT NULL DEFAULT 0,            -- times from one end to the next at this position, breaks left out
    gaps_s REAL NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX grouping_day ON grouping (day);

CREATE TABLE place (
    attempt INTEGER PRIMARY KEY,
    grouping INTEGER NOT NULL,
    ordered_ms INTEGER NOT NULL     -- the time, never earlier than that of the record before
) STRICT;
CREATE INDEX place_grouping ON place (grouping, attempt);

CREATE TABLE position_end (
    station INTEGER NOT NULL,
    position INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (station, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE summary (
    quantity INTEGER NOT NULL,
    grouping INTEGER NOT NULL,
    n INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    mean REAL NOT NULL,
    m2 REAL NOT NULL,               -- sum of squared deviations from the mean
    least REAL NOT NULL,
    greatest REAL NOT NULL,
    bins BLOB NOT NULL,             -- pairs of bin (u16) and count (u32), little-endian, by bin
    PRIMARY KEY (quantity, grouping)
) STRICT, WITHOUT ROWID;

CREATE TABLE failure (
    grouping INTEGER NOT NULL,
    cause TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (grouping, cause)
) STRICT, WITHOUT ROWID;
