-- notes
-- revision: 0001

-- upgrade
CREATE TABLE notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    text text NOT NULL CHECK (text <> '')
);

-- downgrade
DROP TABLE notes;
