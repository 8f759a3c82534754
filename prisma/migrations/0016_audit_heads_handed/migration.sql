-- How far a chain's head was handed out, signed, to where nobody takes it back. A new chain waits a day for its first.

ALTER TABLE audit_heads
  ADD COLUMN handed_sequence bigint NOT NULL DEFAULT 0,
  ADD COLUMN handed_at timestamptz(3) NOT NULL DEFAULT now();

-- A worker finds whose turn it is; what it then does is bound to one tenant.
CREATE POLICY worker ON audit_heads FOR SELECT USING ((SELECT app_is_worker()));
