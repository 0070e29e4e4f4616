-- What is being told is told apart from what is put off. A host of an earlier version notes no lease: what it is telling may be told twice.
ALTER TABLE subscription_delivery ADD COLUMN leased_until timestamptz;
COMMENT ON COLUMN subscription_delivery.leased_until IS 'Until when whoever has taken it has it for itself; null or past while nobody has.';

-- What is not delivered of one subscription, the newest first: where nearly all is. What is delivered is found among all of them.
CREATE INDEX subscription_delivery_status ON subscription_delivery (subscription_id, status, created_at, id) WHERE status <> 'Delivered';

ALTER TABLE subscription ADD COLUMN enabled_at timestamptz;
COMMENT ON COLUMN subscription.enabled_at IS 'When somebody last said that it is to be told: no pause from before counts any more.';
