-- Work that is done once and must survive a restart, and the images it makes of sessions.

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    -- What the runner needs to do it, as JSON.
    work TEXT NOT NULL,
    -- Credentials it needs, encrypted; gone when it is done, and a day after it has failed.
    secret BLOB,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    attempt INTEGER NOT NULL DEFAULT 0,
    run_at INTEGER NOT NULL,
    -- Who runs it must say so again before this moment, or another may take it over.
    lease_until INTEGER,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    progress TEXT,
    error TEXT,
    links TEXT NOT NULL DEFAULT '{}',
    -- Equal for equal work: what is asked for twice joins what is under way.
    sameness TEXT NOT NULL,
    created_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    actor TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER
) STRICT;
CREATE UNIQUE INDEX jobs_under_way_once ON jobs (sameness) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_by_time ON jobs (created_at);
CREATE INDEX jobs_by_end ON jobs (ended_at);
CREATE INDEX jobs_to_do ON jobs (run_at) WHERE state IN ('queued', 'running');

CREATE TABLE job_log (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (job_id, seq)
) STRICT, WITHOUT ROWID;

-- Where an image came from: a session's container, and what that was made from.
CREATE TABLE snapshots (
    -- The reference as engines list it.
    image_canonical TEXT PRIMARY KEY,
    job_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    base_image TEXT NOT NULL,
    base_digest TEXT NOT NULL,
    image_id TEXT,
    size_bytes INTEGER,
    remote_digest TEXT,
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX snapshots_of_session ON snapshots (session_id);
CREATE INDEX snapshots_of_workspace ON snapshots (workspace_id);

-- What somebody is about to make of a session, until it is submitted or given up.
CREATE TABLE snapshot_drafts (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    form TEXT NOT NULL,
    -- The registry's password, encrypted.
    secret BLOB,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, session_id)
) STRICT, WITHOUT ROWID;
