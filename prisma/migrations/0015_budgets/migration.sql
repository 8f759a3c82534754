-- Limits that slow down instead of shutting: of each key, when what was taken from its budget will have come back.
DROP TABLE attempts;
CREATE TABLE budgets (key text PRIMARY KEY, full_at timestamptz NOT NULL);
CREATE INDEX budgets_full_at_idx ON budgets (full_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON budgets TO drawbridge_app;
