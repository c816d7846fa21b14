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

-- name: page_of_outline
SELECT number, timestamp, kind, body FROM event WHERE number > ? AND number <= ? AND
(kind <> 'MetricReported' OR EXISTS (SELECT 1 FROM metric WHERE metric.event = event.number AND metric.kind = 'FINAL'))
ORDER BY number LIMIT ?;

-- name: last_reports
SELECT event.number, event.timestamp, event.kind, event.body, reports
FROM event JOIN (
    SELECT max(event) AS latest, count(*) AS reports FROM metric
    WHERE kind = 'PERIODICAL' AND event <= ? GROUP BY trial_id
) ON event.number = latest
ORDER BY event.number;

-- name: about_the_experiment
SELECT number, timestamp, kind, body FROM event
WHERE kind IN ('ExperimentCreated', 'ManagerStarted', 'ExperimentStateChanged', 'SettingsChanged', 'GoalReached')
ORDER BY number;

-- name: number_of_kind
SELECT count(*) FROM event WHERE kind = ?;

-- name: latest_of_kind
SELECT number, timestamp, kind, body FROM event WHERE kind = ? ORDER BY number DESC LIMIT 1;

-- name: metrics
SELECT trial_id, kind, sequence, parameter_id, value, timestamp FROM metric
WHERE event <= :through AND (:kind IS NULL OR kind = :kind) ORDER BY event;

-- name: metrics_of_trial
SELECT trial_id, kind, sequence, parameter_id, value, timestamp FROM metric
WHERE trial_id = :trial_id AND event <= :through AND (:kind IS NULL OR kind = :kind) ORDER BY event;

-- name: settings_events
SELECT number, kind, body FROM event WHERE kind IN ('ExperimentCreated', 'SettingsChanged') ORDER BY number;

-- name: replace_body
UPDATE event SET body = ? WHERE number = ?;

-- name: schema
SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name;

-- name: longest_body
SELECT max(max(length(body)), (SELECT coalesce(max(length(value)), 0) FROM metric)) FROM event;

-- name: unreadable_metric
SELECT event FROM metric WHERE NOT json_valid(value) OR kind NOT IN ('PERIODICAL', 'FINAL') LIMIT 1;

-- name: gaps
SELECT coalesce(max(number), 0) - count(*) FROM event;
