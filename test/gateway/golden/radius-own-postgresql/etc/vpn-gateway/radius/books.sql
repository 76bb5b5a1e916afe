CREATE TABLE vpn_sessions (gateway TEXT NOT NULL, protocol TEXT NOT NULL, session TEXT NOT NULL, username TEXT NOT NULL, outside TEXT NOT NULL, inside TEXT NOT NULL, began timestamptz NOT NULL, told timestamptz NOT NULL, ended timestamptz, seconds bigint NOT NULL DEFAULT 0, sent bigint NOT NULL DEFAULT 0, received bigint NOT NULL DEFAULT 0, cause TEXT NOT NULL DEFAULT '', PRIMARY KEY (gateway, protocol, session));
CREATE INDEX vpn_sessions_told ON vpn_sessions (told);
CREATE INDEX vpn_sessions_username ON vpn_sessions (username, began);
GRANT SELECT, INSERT, UPDATE ON vpn_sessions TO "vpn-gateway";
