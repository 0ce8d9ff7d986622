#!/bin/sh
# make_secrets.sh: writes random secrets to the folder secrets beside this file; those that are there stay.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets  # the files are read by users of containers, so the folder is what keeps others out
random() { head -c 48 /dev/urandom | base64 -w 0 | tr '+/' '-_'; } # 64 characters; a bare server may have no Python
for name in database_password cookie_secret metrics_token; do
    [ -e "secrets/$name" ] || random >"secrets/$name"
done
[ -e secrets/database_url ] ||
    printf 'postgresql+psycopg://trainyard:%s@postgres/trainyard' "$(cat secrets/database_password)" >secrets/database_url
[ -e secrets/oidc_client_secret ] || : >secrets/oidc_client_secret
chmod 644 secrets/*
[ -s secrets/oidc_client_secret ] || echo "Write the secret of your OpenID provider to $(pwd)/secrets/oidc_client_secret."
