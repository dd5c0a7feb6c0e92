-- the time of a note
-- revision: 0002
-- down_revision: 0001

-- upgrade
ALTER TABLE notes ADD COLUMN written_at timestamptz NOT NULL DEFAULT now();

-- downgrade
ALTER TABLE notes DROP COLUMN written_at;
