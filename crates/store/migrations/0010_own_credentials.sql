-- The registry whose credentials a workspace's image is pulled with; NULL for the one that the
-- image's name leads to, and again once that registry is deleted.
ALTER TABLE workspaces ADD COLUMN registry_id TEXT REFERENCES registries (id) ON DELETE SET NULL;
