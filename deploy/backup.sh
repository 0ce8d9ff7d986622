#!/bin/sh
# backup.sh FOLDER SECONDS KEEP: a backup at once and then every SECONDS, of which the newest KEEP stay. With 0 seconds: one, and end.
set -u
folder=$1 pause=$2 keep=$3
while :; do
    file="$folder/trainyard-$(date -u +%Y%m%dT%H%M%SZ).zip"
    if python -m engine backup "$file"; then
        # only when there is a new one are old ones deleted
        ls -1 "$folder"/trainyard-*.zip | sort -r | tail -n "+$((keep + 1))" | while read -r old; do rm -- "$old"; done
        failed=0
    else
        echo "The backup failed; it is tried again in $pause seconds." >&2
        failed=1
    fi
    [ "$pause" -gt 0 ] || exit "$failed"
    sleep "$pause" &
    wait $!  # a signal ends the script at once
done
