-- What is left of a person who was erased: names that nobody can trace back without this key, and by which a suppression still holds. There is
-- no row before somebody is erased for the first time, and until then whoever sends does not look for such names.
CREATE TABLE erasure_key (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    key    bytea   NOT NULL CHECK (octet_length(key) = 32)
);

COMMENT ON TABLE erasure_key IS 'One row: the key of the hashes that stand in the place of people who were erased. Without it their suppressions hold no more.';
