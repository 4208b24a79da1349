-- What is open is looked at all the time, in the order in which it came: without these, through everything that ever was held or parked.
CREATE INDEX held_waiting ON held (id) WHERE released_at IS NULL;
CREATE INDEX parked_asked ON parked (id) WHERE decided_at IS NULL AND asked = 'replay';
