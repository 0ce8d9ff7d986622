"""Who somebody is: logins by OpenID or by a trusted proxy, accounts with roles, sessions, and the one-time code."""
