-- Version 4: flashing outside of a run is kept too, in a chain of its own beside that of the runs.

CREATE TABLE flashing (
    id INTEGER PRIMARY KEY,         -- order of arrival in this file
    station INTEGER NOT NULL REFERENCES station,
    number INTEGER NOT NULL,        -- in the station's chain of flashings, from 1
    hash BLOB NOT NULL,             -- SHA-256 over the text
    sealed TEXT NOT NULL,           -- JSON: station, number, the hash before it, what happened
    UNIQUE (station, number)
) STRICT;
CREATE TRIGGER flashing_stays BEFORE UPDATE ON flashing BEGIN SELECT raise(ABORT, 'records are only added to'); END;
CREATE TRIGGER flashing_remains BEFORE DELETE ON flashing BEGIN SELECT raise(ABORT, 'records are only added to'); END;
