-- A second factor at sign-in: what an account's owner has beside the password.

-- It is on for the accounts that have a row.
CREATE TABLE second_factors (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- What device and server share, encrypted.
    secret BLOB NOT NULL,
    -- The newest 30 seconds of which a code was taken; an older or equal one is refused.
    last_step INTEGER NOT NULL,
    on_since INTEGER NOT NULL
) STRICT;

-- A device that has not shown a right code yet. The browser that began with it goes on with it.
CREATE TABLE second_factor_proposals (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sign_in_id TEXT NOT NULL REFERENCES sign_ins (id) ON DELETE CASCADE,
    secret BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX second_factor_proposals_of_sign_in ON second_factor_proposals (sign_in_id);

-- Those that were not used yet, as hashes.
CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash TEXT NOT NULL,
    PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

-- Whose password was right and whose code is waited for. No sign-in: nothing is reached with it.
CREATE TABLE pending_sign_ins (
    token_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX pending_sign_ins_of_user ON pending_sign_ins (user_id);
