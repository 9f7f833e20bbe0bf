-- Version 1: the records themselves. Everything here is only ever added to.

CREATE TABLE station (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,       -- 128 random bits in hex, made with the file
    name TEXT NOT NULL,             -- for people
    own INTEGER NOT NULL            -- 1: the records of this file; 0: imported
) STRICT;
CREATE TRIGGER station_stays BEFORE UPDATE ON station BEGIN SELECT raise(ABORT, 'records are only added to'); END;
CREATE TRIGGER station_remains BEFORE DELETE ON station BEGIN SELECT raise(ABORT, 'records are only added to'); END;

-- Profiles and procedures as they were used, once each.
CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    content TEXT NOT NULL
) STRICT;
CREATE TRIGGER document_stays BEFORE UPDATE ON document BEGIN SELECT raise(ABORT, 'records are only added to'); END;
CREATE TRIGGER document_remains BEFORE DELETE ON document BEGIN SELECT raise(ABORT, 'records are only added to'); END;

-- Texts that many records share: names of instruments, operators, batches, titles of steps, lists of register names.
CREATE TABLE word (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;
CREATE TRIGGER word_stays BEFORE UPDATE ON word BEGIN SELECT raise(ABORT, 'records are only added to'); END;
CREATE TRIGGER word_remains BEFORE DELETE ON word BEGIN SELECT raise(ABORT, 'records are only added to'); END;

CREATE TABLE unit (
    id INTEGER PRIMARY KEY,
    serial TEXT NOT NULL UNIQUE,
    reversed TEXT NOT NULL          -- the serial number from its end, to be found by its last digits
) STRICT;
CREATE INDEX unit_reversed ON unit (reversed);
CREATE TRIGGER unit_stays BEFORE UPDATE ON unit BEGIN SELECT raise(ABORT, 'records are only added to'); END;
CREATE TRIGGER unit_remains BEFORE DELETE ON unit BEGIN SELECT raise(ABORT, 'records are only added to'); END;

-- What is measured, with its limits and where they come from. Another limit is another row.
CREATE TABLE quantity (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    load_point TEXT NOT NULL,
    unit TEXT NOT NULL,
    lower REAL,
    upper REAL,
    limit_source TEXT NOT NULL,
    method TEXT NOT NULL
) STRICT;
CREATE INDEX quantity_name ON quantity (name, load_point);
CREATE TRIGGER quantity_stays BEFORE UPDATE ON quantity BEGIN SELECT raise(ABORT, 'records are only added to'); END;
CREATE TRIGGER quantity_remains BEFORE DELETE ON quantity BEGIN SELECT raise(ABORT, 'records are only added to'); END;

-- One run of a procedure on a unit.
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,         -- order of arrival in this file
    station INTEGER NOT NULL REFERENCES station,
    number INTEGER NOT NULL,        -- in the station's chain, from 1
    hash BLOB NOT NULL,             -- SHA-256 over all of the record and the hash before it
    previous BLOB NOT NULL,         -- the hash before it
    uid BLOB NOT NULL,              -- made when the run ended, so that it is never taken over twice
    unit INTEGER NOT NULL REFERENCES unit,
    verdict TEXT NOT NULL,
    simulated INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,         -- end of the run, milliseconds since 1970, UTC
    utc_offset_s INTEGER NOT NULL,
    zone INTEGER NOT NULL REFERENCES word,
    clock_back_ms INTEGER NOT NULL, -- so much earlier than the record before: the clock was set back
    duration_s REAL NOT NULL,
    profile INTEGER NOT NULL REFERENCES word,
    profile_text INTEGER NOT NULL REFERENCES document,
    procedure INTEGER NOT NULL REFERENCES word,
    procedure_text INTEGER NOT NULL REFERENCES document,
    batch INTEGER REFERENCES word,
    operator INTEGER REFERENCES word,
    position INTEGER NOT NULL,      -- from 1
    program INTEGER NOT NULL REFERENCES word,
    before_names INTEGER NOT NULL REFERENCES word,
    before_values TEXT NOT NULL,
    after_names INTEGER NOT NULL REFERENCES word,
    after_values TEXT NOT NULL,
    bus TEXT NOT NULL,
    advice TEXT,
    image_sha256 BLOB,
    flash TEXT,
    provisioning_row TEXT,          -- which row was used; its values are secrets and stay out
    UNIQUE (station, number)
) STRICT;
CREATE INDEX attempt_unit ON attempt (unit);
CREATE TRIGGER attempt_stays BEFORE UPDATE ON attempt BEGIN SELECT raise(ABORT, 'records are only added to'); END;
CREATE TRIGGER attempt_remains BEFORE DELETE ON attempt BEGIN SELECT raise(ABORT, 'records are only added to'); END;

CREATE TABLE instrument (
    attempt INTEGER NOT NULL REFERENCES attempt,
    ordinal INTEGER NOT NULL,
    identity INTEGER NOT NULL REFERENCES word,
    PRIMARY KEY (attempt, ordinal)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER instrument_stays BEFORE UPDATE ON instrument BEGIN SELECT raise(ABORT, 'records are only added to'); END;
CREATE TRIGGER instrument_remains BEFORE DELETE ON instrument BEGIN SELECT raise(ABORT, 'records are only added to'); END;

CREATE TABLE step (
    attempt INTEGER NOT NULL REFERENCES attempt,
    ordinal INTEGER NOT NULL,
    title INTEGER NOT NULL REFERENCES word,
    verdict TEXT NOT NULL,
    detail TEXT NOT NULL,
    started_s REAL NOT NULL,
    duration_s REAL NOT NULL,
    PRIMARY KEY (attempt, ordinal)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER step_stays BEFORE UPDATE ON step BEGIN SELECT raise(ABORT, 'records are only added to'); END;
CREATE TRIGGER step_remains BEFORE DELETE ON step BEGIN SELECT raise(ABORT, 'records are only added to'); END;

CREATE TABLE measurement (
    attempt INTEGER NOT NULL REFERENCES attempt,
    ordinal INTEGER NOT NULL,
    quantity INTEGER NOT NULL REFERENCES quantity,
    value REAL,                     -- none where the result was no number
    uncertainty REAL,
    verdict TEXT NOT NULL,
    PRIMARY KEY (attempt, ordinal)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER measurement_stays BEFORE UPDATE ON measurement BEGIN SELECT raise(ABORT, 'records are only added to'); END;
CREATE TRIGGER measurement_remains BEFORE DELETE ON measurement BEGIN SELECT raise(ABORT, 'records are only added to'); END;

-- What meter and reference showed on the way, as it came.
CREATE TABLE reading (
    attempt INTEGER NOT NULL REFERENCES attempt,
    ordinal INTEGER NOT NULL,
    device INTEGER NOT NULL REFERENCES word,
    at_s REAL NOT NULL,             -- by the station's own clock
    u REAL, i REAL, p REAL, q REAL, s REAL, pf REAL, phase REAL, f REAL,
    PRIMARY KEY (attempt, ordinal)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER reading_stays BEFORE UPDATE ON reading BEGIN SELECT raise(ABORT, 'records are only added to'); END;
CREATE TRIGGER reading_remains BEFORE DELETE ON reading BEGIN SELECT raise(ABORT, 'records are only added to'); END;
