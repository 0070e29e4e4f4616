"""A program that knows the API by what openapi-generator has made of its description, and by nothing else."""

import json
import sys

import notificationbus_api as api

url, key = sys.argv[1:]
configuration = api.Configuration(host=url)
configuration.access_token = key
with api.ApiClient(configuration) as client:
    notifications = api.NotificationsApi(client)
    wanted = api.NotificationRequested(
        event_id="generated-python",
        category="announcement",
        recipient=api.Contact(id="reader-py", email="py@example.com"),
        data={"title": "Hello", "text": "From Python."},
    )
    sent = notifications.request_notification(wanted, prefer="wait=30")
    listed = notifications.list_notifications(event_id="generated-python")
    print(json.dumps({"id": sent.id, "status": sent.status, "listed": [one.id for one in listed.notifications]}))
