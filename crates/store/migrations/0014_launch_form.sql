-- What a workspace asks for at launch, and what it runs inside its sessions; both as JSON.
ALTER TABLE workspaces ADD COLUMN launch_form TEXT NOT NULL DEFAULT '[]';
ALTER TABLE workspaces ADD COLUMN commands TEXT NOT NULL DEFAULT '{}';
-- Secret answers given at launch, encrypted; they go when the session does.
ALTER TABLE sessions ADD COLUMN secret_answers BLOB;
-- When somebody opened the session whose command for that has not been run.
ALTER TABLE sessions ADD COLUMN opened_at INTEGER;
