#!/bin/sh
# Twice a day nginx reads its certificate again, which certbot may have renewed.
(while sleep 43200; do nginx -s reload; done) &
