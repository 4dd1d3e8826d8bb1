-- How the engine confines the sessions of a workspace, as JSON: networks, options, graphics processors.
ALTER TABLE workspaces ADD COLUMN confinement TEXT NOT NULL DEFAULT '{}';
