#!/usr/bin/env bash
# Makes a user of RabbitMQ that may do what its kind needs, and nothing else. The password comes from PASSWORD.
#   PASSWORD=… docker/rabbitmq-permissions.sh host     NAME [VHOST]   all of the virtual host, which is NotificationBus's own
#   PASSWORD=… docker/rabbitmq-permissions.sh producer NAME [VHOST]   publishes events, requests, cancellations and withdrawals;
#                                                                     queues NAME-…; hears what became of them
#   PASSWORD=… docker/rabbitmq-permissions.sh reader   NAME [VHOST]   sees queues and their depth in the management UI, and no message
# RABBITMQCTL says how to call it, such as RABBITMQCTL='docker compose -f docker/compose.yml exec -T rabbitmq rabbitmqctl'.
# Remove the user every broker is born with: rabbitmqctl delete_user guest.
set -euo pipefail

usage() { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }

kind=${1:-} name=${2:-} vhost=${3:-/}
[ -n "$name" ] || usage
: "${PASSWORD:?is missing: the password of $name}"
# It stands in patterns of names.
case $name in *[!a-z0-9-]*) echo "a name has small letters, digits and hyphens" >&2; exit 2 ;; esac
ctl=${RABBITMQCTL:-rabbitmqctl}
users=$($ctl list_users --silent --no-table-headers | cut -f1)
refuse() { echo "$name $1" >&2; exit 2; }

case $name in guest) refuse "is the user every broker is born with: choose another name" ;; esac
if [ "$kind" = producer ]; then
  # Its queues begin with its name: nothing of a host or of another producer may begin so, too.
  case $name in
    send | notifications | notifications-* | send-* | receipts | receipts-*)
      refuse "is the beginning of the names of NotificationBus's own queues: choose another name" ;;
  esac
  for other in $users; do
    case $other in "$name-"*) refuse "would have the queues of the user $other, too: choose another name" ;; esac
    case $name in "$other-"*) refuse "would share its queues with the user $other: choose another name" ;; esac
  done
fi

# What producers may say. Everything else on the bus is between hosts: whoever may write it is believed.
events='ChatMessageSent|OrderPlaced|OrderShipped|PaymentReminderDue|OrderPaid'
public="NotificationBus\.Contracts:($events|NotificationRequested|CancelNotification|WithdrawNotifications)"
# What they may hear.
outcomes='NotificationBus\.Contracts:(Notification(Delivered|PartlyDelivered|Cancelled|Expired|Failed|Rejected)'
outcomes+='|Delivery(AttemptFailed|Waiting))'

case $kind in
  host)     configure='.*' write='.*' read='.*' tags='' ;;
  # MassTransit declares the exchanges that it publishes to, and the queues that it listens on.
  producer) configure="^($public|$outcomes|$name-.*)\$" write="^($public|$name-.*)\$" read="^($outcomes|$name-.*)\$" tags='' ;;
  reader)   configure='^$' write='^$' read='^$' tags='monitoring' ;;
  *)        usage ;;
esac

$ctl add_user "$name" "$PASSWORD" || $ctl change_password "$name" "$PASSWORD"
# A host that is there keeps the tag management, with which it reads the policies.
[ "$kind" = host ] && [[ $'\n'$users$'\n' == *$'\n'"$name"$'\n'* ]] || $ctl set_user_tags "$name" $tags
$ctl set_permissions -p "$vhost" "$name" "$configure" "$write" "$read"
