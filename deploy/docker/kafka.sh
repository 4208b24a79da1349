#!/bin/sh
# Formats the broker's storage with the administrator's SCRAM password, then runs it: the settings of the local stack, with two
# doors: CLIENT for the other containers (kafka:9092), HOST for clients on this machine (127.0.0.1:29092).
set -eu
template=${TEMPLATE:-/etc/yuqiao/server.properties.in}
config=${CONFIG:-/tmp/server.properties}
bin=${KAFKA_BIN:-/opt/kafka/bin}
sed -e "s|{port}|9092|g" -e "s|{controller_port}|9093|g" -e "s|{password}|$KAFKA_ADMIN_PASSWORD|g" \
    -e "s|{log_dirs}|${DATA:-/var/lib/kafka/data}|g" \
    -e "s|^listeners=.*|listeners=CLIENT://0.0.0.0:9092,HOST://0.0.0.0:29092,CONTROLLER://127.0.0.1:9093|" \
    -e "s|^advertised.listeners=.*|advertised.listeners=CLIENT://kafka:9092,HOST://127.0.0.1:29092|" \
    -e "s|^listener.security.protocol.map=|&HOST:SASL_PLAINTEXT,|" "$template" > "$config.client"
sed -n "s|^listener.name.client|listener.name.host|p" "$config.client" | cat "$config.client" - > "$config"
"$bin/kafka-storage.sh" format --ignore-formatted -t AAAAAAAAQACAAAAAAAAAAA -c "$config" \
    --add-scram "SCRAM-SHA-512=[name=admin,password=$KAFKA_ADMIN_PASSWORD]"
exec "$bin/kafka-server-start.sh" "$config"
