-- More roles, accounts by invitation, accounts that are on their way out, and a record of what was
-- done that says from where and with which result.

-- Which roles there are is the program's to say: the check for two of them goes with its column. The
-- table is not made anew, because what refers to it would go with the old one.
ALTER TABLE users ADD COLUMN part TEXT NOT NULL DEFAULT 'user';
UPDATE users SET part = role;
ALTER TABLE users DROP COLUMN role;
ALTER TABLE users RENAME COLUMN part TO role;

-- Goes as soon as none of its sessions holds a container.
ALTER TABLE users ADD COLUMN deleting INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN last_seen_at INTEGER;
UPDATE users SET last_seen_at =
    (SELECT max(s.last_seen_at) FROM sign_ins s WHERE s.user_id = users.id);

-- By which somebody chooses a password once: an invitation, or another password. An account without
-- a password has an empty hash.
CREATE TABLE account_links (
    token_hash TEXT PRIMARY KEY,
    -- The newest one counts.
    user_id TEXT NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- Where the actor signed in from, or tried to; empty for Slipway itself.
ALTER TABLE audit ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN result TEXT NOT NULL DEFAULT 'done'
    CHECK (result IN ('done', 'refused'));
UPDATE audit SET address = coalesce(detail, ''), detail = NULL
    WHERE action IN ('sign_in', 'sign_in.refused');
UPDATE audit SET actor_name = target, actor_id = (SELECT id FROM users WHERE name = target)
    WHERE action = 'sign_in';
UPDATE audit SET action = 'sign_in', result = 'refused' WHERE action = 'sign_in.refused';
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_of_actor ON audit (actor_name, id);
