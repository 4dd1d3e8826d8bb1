-- New images that test groups launch before everybody does.

-- The workspace that it is a trial of; at the most one for each.
ALTER TABLE workspaces ADD COLUMN trial_of TEXT REFERENCES workspaces (id) ON DELETE CASCADE;
CREATE UNIQUE INDEX workspaces_have_one_trial ON workspaces (trial_of) WHERE trial_of IS NOT NULL;

CREATE TABLE trials (
    -- The trial's own.
    workspace_id TEXT PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    -- What testers are to look at.
    notes TEXT NOT NULL,
    begun_by TEXT NOT NULL,
    begun_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE trial_verdicts (
    workspace_id TEXT NOT NULL REFERENCES trials (workspace_id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    works INTEGER NOT NULL,
    words TEXT NOT NULL,
    said_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
) STRICT, WITHOUT ROWID;
