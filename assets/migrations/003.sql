-- Version 3: what a verdict stands on: expanded uncertainties, the decision rule, certificates, exceptions; golden units.

ALTER TABLE attempt ADD COLUMN traceability INTEGER REFERENCES word;    -- as JSON: many attempts share it
ALTER TABLE attempt ADD COLUMN golden INTEGER NOT NULL DEFAULT 0;       -- 1: a unit of known errors, by which the bench was judged
CREATE INDEX attempt_golden ON attempt (station, number) WHERE golden = 1;

ALTER TABLE measurement ADD COLUMN expanded REAL;                       -- U; none where it is not known, and then the next five are not
ALTER TABLE measurement ADD COLUMN coverage_factor REAL;
ALTER TABLE measurement ADD COLUMN freedom REAL;                        -- effective degrees of freedom; none for infinitely many
ALTER TABLE measurement ADD COLUMN from_reference REAL;
ALTER TABLE measurement ADD COLUMN from_resolution REAL;
ALTER TABLE measurement ADD COLUMN from_time_base REAL;
ALTER TABLE measurement ADD COLUMN guard_band REAL;
ALTER TABLE measurement ADD COLUMN marginal INTEGER NOT NULL DEFAULT 0;

-- The sums. A golden unit's runs say nothing of the line's yield, so they are groupings of their own.
ALTER TABLE grouping ADD COLUMN golden INTEGER NOT NULL DEFAULT 0;
ALTER TABLE grouping ADD COLUMN marginal INTEGER NOT NULL DEFAULT 0;    -- attempts that passed with a marginal value
ALTER TABLE summary ADD COLUMN marginal INTEGER NOT NULL DEFAULT 0;
