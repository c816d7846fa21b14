-- Every statement of the store, by name.

-- name: insert_event
INSERT INTO event (number, timestamp, kind, body) VALUES (?, ?, ?, ?);

-- name: insert_metric
INSERT INTO metric (event, trial_id, kind, sequence, parameter_id, value, number, timestamp)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: forget_metrics
DELETE FROM metric WHERE trial_id = ? AND event < ?;

-- name: fence
SELECT epoch, (SELECT coalesce(max(number), 0) FROM event) FROM manager;

-- name: advance_epoch
UPDATE manager SET epoch = ?;

-- name: last_event
SELECT coalesce(max(number), 0) FROM event;

-- name: page_of_events
SELECT number, timestamp, kind, body FROM event WHERE number > ? AND number <= ? ORDER BY number LIMIT ?;

-- name: metrics
SELECT trial_id, kind, sequence, parameter_id, value, timestamp FROM metric
WHERE event <= :through AND (:kind IS NULL OR kind = :kind) ORDER BY event;

-- name: metrics_of_trial
SELECT trial_id, kind, sequence, parameter_id, value, timestamp FROM metric
WHERE trial_id = :trial_id AND event <= :through AND (:kind IS NULL OR kind = :kind) ORDER BY event;
