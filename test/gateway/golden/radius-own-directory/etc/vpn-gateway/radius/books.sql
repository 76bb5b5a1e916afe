PRAGMA journal_mode = WAL;
CREATE TABLE vpn_sessions (gateway TEXT NOT NULL, protocol TEXT NOT NULL, session TEXT NOT NULL, username TEXT NOT NULL, outside TEXT NOT NULL, inside TEXT NOT NULL, began INTEGER NOT NULL, told INTEGER NOT NULL, ended INTEGER, seconds INTEGER NOT NULL DEFAULT 0, sent INTEGER NOT NULL DEFAULT 0, received INTEGER NOT NULL DEFAULT 0, cause TEXT NOT NULL DEFAULT '', PRIMARY KEY (gateway, protocol, session));
CREATE INDEX vpn_sessions_told ON vpn_sessions (told);
CREATE INDEX vpn_sessions_username ON vpn_sessions (username, began);
PRAGMA user_version = 1;
