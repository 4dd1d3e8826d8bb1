-- Which images workspaces have launched, going back to an earlier one, and calls from outside that
-- say that an image was pushed.

CREATE TABLE workspace_revisions (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- Counted from 1 in each workspace.
    number INTEGER NOT NULL,
    -- The reference as written, what it meant on the engine (empty while it is not there), and the
    -- digest under which its registry knows that (empty if it never went there).
    image TEXT NOT NULL,
    image_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    since INTEGER NOT NULL,
    -- NULL for Slipway itself.
    actor TEXT,
    how TEXT NOT NULL CHECK (how IN ('created', 'changed', 'refreshed', 'replaced', 'promoted',
        'rolled_back', 'unpinned')),
    PRIMARY KEY (workspace_id, number)
) STRICT, WITHOUT ROWID;

-- The earlier image that is launched in place of what the reference means; all NULL without one.
ALTER TABLE workspaces ADD COLUMN pinned_id TEXT;
-- `repository@sha256:…`; NULL also for an image that no registry has.
ALTER TABLE workspaces ADD COLUMN pinned_digest TEXT;
ALTER TABLE workspaces ADD COLUMN pinned_revision INTEGER;

CREATE TABLE hooks (
    -- Part of the address that is called.
    id TEXT PRIMARY KEY,
    -- Whose images it is about: of one or the other.
    registry_id TEXT UNIQUE REFERENCES registries (id) ON DELETE CASCADE,
    workspace_id TEXT UNIQUE REFERENCES workspaces (id) ON DELETE CASCADE,
    -- SHA-256 of the secret: a stolen database calls nothing.
    secret_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    called_at INTEGER,
    -- What came of the last call, as a sentence.
    outcome TEXT NOT NULL DEFAULT '',
    CHECK ((registry_id IS NULL) <> (workspace_id IS NULL))
) STRICT;
