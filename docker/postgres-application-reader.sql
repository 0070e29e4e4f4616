-- A user of the database that reads one application, and nothing of any other. Run it after docker/postgres-roles.sql, and again with every
-- new version, as whoever runs that:
--   PGOPTIONS='-c notificationbus.application=shop' psql -d notificationbus -f docker/postgres-application-reader.sql
-- then give it a password: \password notificationbus_read_shop. Hyphens in the name of the application become underscores.
-- It has views of its own, under the names of those for people, in a schema that it looks into by itself. They are barriers: no function of
-- whoever asks sees a row of another application, not even one that the condition leaves out afterwards.

DO $do$
DECLARE
    application text := current_setting('notificationbus.application', true);
    reader text;
    name text;
    condition text;
BEGIN
    IF application IS NULL OR application !~ '^[a-z0-9][a-z0-9-]{0,39}$' THEN
        RAISE EXCEPTION 'say which application, with SET notificationbus.application = ''shop''';
    END IF;

    reader := 'notificationbus_read_' || replace(application, '-', '_');
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = reader) THEN
        EXECUTE format('CREATE ROLE %I LOGIN', reader);
    END IF;

    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', reader);
    EXECUTE format('ALTER SCHEMA %I OWNER TO notificationbus_migrate', reader);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', reader, reader);
    FOREACH name IN ARRAY ARRAY['notification_overview', 'delivery_overview', 'saga_step_overview', 'repair_effect'] LOOP
        condition := CASE
            WHEN name IN ('notification_overview', 'delivery_overview') THEN 'o.application = %L'
            ELSE 'EXISTS (SELECT FROM public.notification_key k JOIN public.notification n ON n.created_at = k.created_at AND n.id = k.id '
                || 'WHERE k.id = o.notification_id AND n.application = %L)'
        END;
        EXECUTE format(
            'CREATE OR REPLACE VIEW %I.%I WITH (security_barrier) AS SELECT o.* FROM public.%I o WHERE ' || condition,
            reader, name, name, application);
        -- The owner may read the tables behind it; the reader may not.
        EXECUTE format('ALTER VIEW %I.%I OWNER TO notificationbus_migrate', reader, name);
        EXECUTE format('GRANT SELECT ON %I.%I TO %I', reader, name, reader);
    END LOOP;

    EXECUTE format('ALTER ROLE %I SET search_path = %I', reader, reader);
    EXECUTE format('ALTER ROLE %I SET default_transaction_read_only = on', reader);
    EXECUTE format('ALTER ROLE %I SET statement_timeout = ''10s''', reader);
END $do$;
