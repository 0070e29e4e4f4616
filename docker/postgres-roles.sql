-- Four users of the database. Run it as a superuser, or as somebody who may create roles and owns the database and what is in it:
--   psql -d notificationbus -f docker/postgres-roles.sql
-- then give each a password (\password notificationbus_run), have the tables made, and run it once more, for the views that there are now:
--   notificationbus migrate …   with ConnectionStrings:Postgres of notificationbus_migrate
-- Hosts connect as notificationbus_run, with Postgres:Migrate=false. Run this file, 'migrate' and this file again with every new version, and
-- 'migrate' at least once a month: it makes the partitions of the coming months, and drops what is older than Retention says.

DO $do$
DECLARE
    name text;
    thing record;
    owner oid;
BEGIN
    FOREACH name IN ARRAY ARRAY['notificationbus_migrate', 'notificationbus_run', 'notificationbus_read', 'notificationbus_produce'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        END IF;
    END LOOP;

    -- migrate: owns the tables, and nobody else does. Others may have theirs in the same database: only what is of the owner of
    -- notification is taken over.
    owner := (SELECT relowner FROM pg_class WHERE oid = to_regclass('public.notification'));
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    GRANT CREATE, USAGE ON SCHEMA public TO notificationbus_migrate;
    CREATE SCHEMA IF NOT EXISTS notificationbus;
    ALTER SCHEMA notificationbus OWNER TO notificationbus_migrate;
    FOR thing IN
        SELECT c.oid::regclass AS name FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND c.relowner = owner
            AND c.relowner <> 'notificationbus_migrate'::regrole
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO notificationbus_migrate', thing.name);
    END LOOP;
    FOR thing IN
        SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE (p.pronamespace = 'public'::regnamespace OR p.pronamespace = 'notificationbus'::regnamespace AND p.proname = 'publish')
            AND p.proowner = owner AND p.proowner <> 'notificationbus_migrate'::regrole
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('ALTER ROUTINE %s OWNER TO notificationbus_migrate', thing.name);
    END LOOP;

    -- run: the rows of all tables, and no table.
    GRANT USAGE ON SCHEMA public TO notificationbus_run;
    FOR thing IN
        SELECT c.oid::regclass AS name, c.relkind = 'S' AS is_sequence FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
            AND c.relowner = 'notificationbus_migrate'::regrole
    LOOP
        IF thing.is_sequence THEN
            EXECUTE format('GRANT USAGE ON SEQUENCE %s TO notificationbus_run', thing.name);
        ELSE
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO notificationbus_run', thing.name);
        END IF;
    END LOOP;
    ALTER DEFAULT PRIVILEGES FOR ROLE notificationbus_migrate IN SCHEMA public
        GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO notificationbus_run;
    ALTER DEFAULT PRIVILEGES FOR ROLE notificationbus_migrate IN SCHEMA public GRANT USAGE ON SEQUENCES TO notificationbus_run;
    IF to_regclass('"__EFMigrationsHistory"') IS NOT NULL THEN
        REVOKE INSERT, UPDATE, DELETE ON "__EFMigrationsHistory" FROM notificationbus_run;
    END IF;

    -- read: the views that are for people and what leads to their rows, with no text of a notification, no key and no failed message.
    GRANT USAGE ON SCHEMA public TO notificationbus_read;
    FOREACH name IN ARRAY ARRAY[
        'notification_overview', 'delivery_overview', 'saga_step_overview', 'ledger', 'repair_effect', 'decision', 'held_notification',
        'notification_reference', 'notification_not_delivered', 'delivery_attempt', 'unrecorded_notification'
    ] LOOP
        IF to_regclass(name) IS NOT NULL THEN
            EXECUTE format('GRANT SELECT ON %I TO notificationbus_read', name);
        END IF;
    END LOOP;
    ALTER ROLE notificationbus_read SET default_transaction_read_only = on;
    ALTER ROLE notificationbus_read SET statement_timeout = '10s';

    -- produce: one function, which publishes an event with the transaction that calls it. It sees no table of the record.
    GRANT USAGE ON SCHEMA notificationbus TO notificationbus_produce;
    IF to_regprocedure('notificationbus.publish(text, jsonb, text)') IS NOT NULL THEN
        GRANT EXECUTE ON FUNCTION notificationbus.publish(text, jsonb, text) TO notificationbus_produce;
    END IF;
END $do$;
