-- Accounts, workspaces, sessions and what is remembered of them.
-- Times are milliseconds since 1970 in UTC; lists and contracts are JSON.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('administrator', 'user')),
    disabled INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

-- One signed-in browser each. The id is a hash: a stolen database signs nobody in.
CREATE TABLE sign_ins (
    id TEXT PRIMARY KEY,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    data TEXT NOT NULL,
    client TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_ins_of_user ON sign_ins (user_id);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);

CREATE TABLE icons (
    id TEXT PRIMARY KEY,
    content_type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE workspaces (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE,
    description TEXT NOT NULL,
    icon TEXT NOT NULL,
    categories TEXT NOT NULL,
    image TEXT NOT NULL,
    -- The reference as engines list it, to match against what is present.
    image_canonical TEXT NOT NULL,
    contract TEXT NOT NULL,
    environment TEXT NOT NULL,
    cpu_millis INTEGER NOT NULL,
    memory_bytes INTEGER NOT NULL,
    shm_bytes INTEGER NOT NULL,
    pids INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    hidden INTEGER NOT NULL,
    notes TEXT NOT NULL,
    -- The preset it came from, so that set-up makes each once.
    preset TEXT UNIQUE,
    revision INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX workspaces_by_name ON workspaces (name);

CREATE TABLE favourites (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, workspace_id)
) STRICT, WITHOUT ROWID;

-- A session outlives its workspace, and its row outlives its container as history.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id TEXT NOT NULL,
    workspace_name TEXT NOT NULL,
    icon TEXT NOT NULL,
    -- Whether an administrator runs it only to try the definition.
    test INTEGER NOT NULL DEFAULT 0,
    desired TEXT NOT NULL CHECK (desired IN ('running', 'paused', 'stopped', 'deleted')),
    status TEXT NOT NULL CHECK (status IN ('starting', 'running', 'paused', 'stopped', 'failed', 'deleted')),
    reason TEXT,
    progress TEXT NOT NULL DEFAULT '[]',
    generation INTEGER NOT NULL DEFAULT 1,
    created INTEGER NOT NULL DEFAULT 0,
    config TEXT NOT NULL,
    -- Password for the container's own sign-in, encrypted.
    secret BLOB,
    image_digest TEXT,
    network TEXT,
    address TEXT,
    port INTEGER,
    launched_at INTEGER NOT NULL,
    running_since INTEGER,
    last_activity_at INTEGER,
    ended_at INTEGER
) STRICT;
-- A double click launches once: the database decides, not a look-up before the insert.
CREATE UNIQUE INDEX sessions_once_per_workspace ON sessions (owner, workspace_id, test)
    WHERE desired <> 'deleted';
CREATE UNIQUE INDEX sessions_own_their_port ON sessions (port) WHERE port IS NOT NULL;
CREATE UNIQUE INDEX sessions_own_their_network ON sessions (network) WHERE network IS NOT NULL;
CREATE INDEX sessions_alive ON sessions (launched_at) WHERE status <> 'deleted';
CREATE INDEX sessions_of_workspace ON sessions (workspace_id) WHERE status <> 'deleted';
CREATE INDEX sessions_of_owner ON sessions (owner, workspace_id, launched_at);

CREATE TABLE session_timeline (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    actor TEXT,
    message TEXT NOT NULL,
    detail TEXT
) STRICT;
CREATE INDEX session_timeline_in_order ON session_timeline (session_id, id);

-- A browser's permission to see one session's stream. The token is kept as a hash.
CREATE TABLE stream_grants (
    token_hash TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    sign_in_id TEXT NOT NULL REFERENCES sign_ins (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX stream_grants_of_session ON stream_grants (session_id);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor_id TEXT,
    actor_name TEXT,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT
) STRICT;
