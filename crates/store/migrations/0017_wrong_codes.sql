-- Wrong codes that were given at sign-in after a right password. Only the last day's count, and they are
-- forgotten with the password or the second factor that they were guesses at.
CREATE TABLE wrong_codes (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    given_at INTEGER NOT NULL
) STRICT;
CREATE INDEX wrong_codes_of_user ON wrong_codes (user_id, given_at);
