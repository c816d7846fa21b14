-- The log itself. Numbers have no gaps: the fence of every write transaction checks it.
CREATE TABLE event (
    number INTEGER PRIMARY KEY CHECK (number > 0),
    timestamp INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;

-- Derived from events of kind MetricReported, in the same transaction. TrialRequeued empties it of a trial's rows.
CREATE TABLE metric (
    event INTEGER PRIMARY KEY REFERENCES event (number),
    trial_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('PERIODICAL', 'FINAL')),
    sequence INTEGER NOT NULL,
    parameter_id INTEGER NOT NULL,
    -- JSON, non-finite floats tagged
    value TEXT NOT NULL,
    -- NULL when the value has no finite default number
    number REAL,
    timestamp INTEGER NOT NULL
) STRICT;

CREATE INDEX metric_by_trial ON metric (trial_id, event);

-- Which manager may write: one row, its epoch only grows.
CREATE TABLE manager (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    epoch INTEGER NOT NULL
) STRICT;

INSERT INTO manager (only_row, epoch) VALUES (1, 0);
