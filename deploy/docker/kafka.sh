#!/bin/sh
# Formats the broker's storage with the administrator's SCRAM password, then runs it: the settings of the local stack.
set -eu
sed -e "s|{port}|9092|g" -e "s|{controller_port}|9093|g" -e "s|{password}|$KAFKA_ADMIN_PASSWORD|g" \
    -e "s|{log_dirs}|/var/lib/kafka/data|g" -e "s|CLIENT://127.0.0.1|CLIENT://kafka|" /etc/yuqiao/server.properties.in > /tmp/server.properties
sed -i -e "s|^listeners=CLIENT://kafka|listeners=CLIENT://0.0.0.0|" /tmp/server.properties
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted -t AAAAAAAAQACAAAAAAAAAAA -c /tmp/server.properties \
    --add-scram "SCRAM-SHA-512=[name=admin,password=$KAFKA_ADMIN_PASSWORD]"
exec /opt/kafka/bin/kafka-server-start.sh /tmp/server.properties
