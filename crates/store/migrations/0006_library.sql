-- What is known of images beside what engines hold, and how registries want to be treated.

CREATE TABLE images (
    -- As engines list it.
    reference TEXT PRIMARY KEY,
    -- What it means at its registry.
    remote_digest TEXT,
    checked_at INTEGER,
    -- When the registry is asked again, or a pull that failed is tried again.
    next_check_at INTEGER,
    pulled_at INTEGER,
    pulled_as TEXT NOT NULL DEFAULT '',
    failures INTEGER NOT NULL DEFAULT 0,
    error TEXT
) STRICT, WITHOUT ROWID;

-- What a name has meant on the engine, from when on.
CREATE TABLE image_meanings (
    reference TEXT NOT NULL,
    since INTEGER NOT NULL,
    image_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (reference, since)
) STRICT, WITHOUT ROWID;

-- How much may still be pulled, as JSON; NULL if it never said.
ALTER TABLE registries ADD COLUMN rate TEXT;
-- It has asked to be left alone until then.
ALTER TABLE registries ADD COLUMN paused_until INTEGER;

CREATE INDEX jobs_of_image ON jobs (json_extract(links, '$.image'));
