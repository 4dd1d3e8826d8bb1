-- What stays when sessions of a workspace go, as JSON.
ALTER TABLE workspaces ADD COLUMN storage TEXT NOT NULL DEFAULT '{}';
