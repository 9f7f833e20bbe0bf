-- Version 2 of the provisioning lists: a row whose values are on the chip of a unit that did not pass has a state of its own; what the
-- columns of a list were taken for is remembered. Foreign keys are off meanwhile: rows are referred to by number, which stays.

CREATE TABLE new_row (
    id INTEGER PRIMARY KEY,
    list INTEGER NOT NULL REFERENCES list,
    number INTEGER NOT NULL,        -- place in the list, from 1
    unit TEXT,                      -- serial number it is for; none in a list without a key
    fields TEXT NOT NULL,           -- JSON object of field names and values
    state TEXT NOT NULL DEFAULT 'free' CHECK (state IN ('free', 'reserved', 'used', 'on_chip')),
    before TEXT CHECK (before IN ('free', 'used', 'on_chip')),  -- state to return to from 'reserved'
    serial TEXT,                    -- unit that has it, or had it last
    holder TEXT,                    -- who reserved it: the name of a lock file that its process holds
    changed_ms INTEGER NOT NULL DEFAULT 0,
    UNIQUE (list, number),
    CHECK ((state = 'reserved') = (holder IS NOT NULL AND before IS NOT NULL)),
    CHECK (state = 'free' OR serial IS NOT NULL)
) STRICT;
INSERT INTO new_row SELECT id, list, number, unit, fields, state, before, serial, holder, changed_ms FROM row;
DROP TABLE row;
ALTER TABLE new_row RENAME TO row;
CREATE UNIQUE INDEX row_of_unit ON row (list, unit) WHERE unit IS NOT NULL;
-- Rows without a unit are told apart by their values.
CREATE UNIQUE INDEX row_alone ON row (list, fields) WHERE unit IS NULL;
-- A unit has one row of a list, and a row one unit.
CREATE UNIQUE INDEX row_given ON row (list, serial) WHERE state <> 'free';

-- What a column of this name was last taken for, so that the next list of its kind is read so by itself.
CREATE TABLE heading (
    name TEXT PRIMARY KEY,
    field TEXT NOT NULL             -- a field's name, 'serial' for the unit's serial number, '' for a column that is left out
) STRICT, WITHOUT ROWID;
