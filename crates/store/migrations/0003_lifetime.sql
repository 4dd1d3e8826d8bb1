-- When sessions end by themselves, and how many of a workspace there may be.

-- What the workspace says of its sessions' life time, as JSON.
ALTER TABLE workspaces ADD COLUMN lifetime TEXT NOT NULL DEFAULT '{}';
-- Most sessions of it at a time; NULL is no limit.
ALTER TABLE workspaces ADD COLUMN sessions_limit INTEGER;

-- Who looked, who asked for more time, and when people were warned, as JSON.
ALTER TABLE sessions ADD COLUMN life TEXT NOT NULL DEFAULT '{}';
