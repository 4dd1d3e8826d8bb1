-- Who may launch what, and within which bounds.

CREATE TABLE groups (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    description TEXT NOT NULL,
    -- The lowest number wins.
    priority INTEGER NOT NULL,
    settings TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- Built in: everybody is in the one, administrators are in the other, without being put there.
INSERT INTO groups VALUES
    ('administrators', 'Administrators', 'Everybody with the role of an administrator.', 100, '{}', 1, 0, 0),
    ('everybody', 'All users', 'Everybody who has an account.', 1000, '{}', 1, 0, 0);

CREATE TABLE group_members (
    group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX groups_of_user ON group_members (user_id);

-- Ids of the groups whose members may launch it, as JSON. What was there before groups were, was
-- everybody's.
ALTER TABLE workspaces ADD COLUMN groups TEXT NOT NULL DEFAULT '["everybody"]';
