-- Why a need was matched is read from its enterprise's history.
CREATE INDEX event_log_owner ON event_log (owner, seq);
