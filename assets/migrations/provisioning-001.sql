-- Version 1 of the provisioning lists. The values are secrets: the file is its owner's alone, and neither backed up nor exported with the records.

CREATE TABLE list (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    keyed INTEGER NOT NULL          -- 1: each row is for the unit it names; 0: rows are given in turn
) STRICT;

CREATE TABLE row (
    id INTEGER PRIMARY KEY,
    list INTEGER NOT NULL REFERENCES list,
    number INTEGER NOT NULL,        -- place in the list, from 1
    unit TEXT,                      -- serial number it is for; none in a list without a key
    fields TEXT NOT NULL,           -- JSON object of field names and values
    state TEXT NOT NULL DEFAULT 'free' CHECK (state IN ('free', 'reserved', 'used')),
    before TEXT CHECK (before IN ('free', 'used')),  -- state to return to from 'reserved'
    serial TEXT,                    -- unit that has it, or had it last
    holder TEXT,                    -- who reserved it: the name of a lock file that its process holds
    changed_ms INTEGER NOT NULL DEFAULT 0,
    UNIQUE (list, number),
    CHECK ((state = 'reserved') = (holder IS NOT NULL AND before IS NOT NULL)),
    CHECK (state = 'free' OR serial IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX row_of_unit ON row (list, unit) WHERE unit IS NOT NULL;
-- Rows without a unit are told apart by their values.
CREATE UNIQUE INDEX row_alone ON row (list, fields) WHERE unit IS NULL;
-- A unit has one row of a list, and a row one unit.
CREATE UNIQUE INDEX row_given ON row (list, serial) WHERE state <> 'free';

-- Values that only one unit may have, over all lists.
CREATE TABLE only_once (
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    row INTEGER NOT NULL REFERENCES row,
    PRIMARY KEY (field, value)
) STRICT, WITHOUT ROWID;

-- What happened to each row, for good.
CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    row INTEGER NOT NULL REFERENCES row,
    at_ms INTEGER NOT NULL,
    event TEXT NOT NULL,
    serial TEXT
) STRICT;
CREATE TRIGGER history_stays BEFORE UPDATE ON history BEGIN SELECT raise(ABORT, 'history is only added to'); END;
CREATE TRIGGER history_remains BEFORE DELETE ON history BEGIN SELECT raise(ABORT, 'history is only added to'); END;
