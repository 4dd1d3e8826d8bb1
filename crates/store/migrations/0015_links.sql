-- The address that a workspace opens in place of running an image; empty for one that runs one.
ALTER TABLE workspaces ADD COLUMN link TEXT NOT NULL DEFAULT '';
