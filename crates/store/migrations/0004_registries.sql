-- Servers that images are pushed to, with the credentials for that.

CREATE TABLE registries (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    url TEXT NOT NULL,
    -- Empty without a login.
    username TEXT NOT NULL,
    -- The password, encrypted.
    secret BLOB,
    -- Certificates of its own CA; empty for one that any machine trusts.
    ca_pem TEXT NOT NULL,
    -- Whether it is spoken to over plain HTTP.
    insecure INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
