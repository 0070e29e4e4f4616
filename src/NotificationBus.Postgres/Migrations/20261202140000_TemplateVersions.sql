-- The texts that notifications were planned with. A host that plans writes them when it starts; no notification reads them.
CREATE TABLE template_version (
    category    text        NOT NULL,
    version     text        NOT NULL,
    texts       jsonb       NOT NULL,
    PRIMARY KEY (category, version)
);

CREATE TABLE template_deployment (
    number      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category    text        NOT NULL,
    version     text        NOT NULL,
    since       timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (category, version) REFERENCES template_version (category, version)
);

CREATE INDEX template_deployment_category ON template_deployment (category, number DESC);

COMMENT ON TABLE template_version IS 'The texts of a category, as they were with a version (notification.template_version).';
COMMENT ON COLUMN template_version.texts IS 'The templates, the partials (_layout) and the brand (_brand), by name, as they are written.';
COMMENT ON TABLE template_deployment IS 'When a host that plans had loaded another version of the texts of a category than the one before.';
COMMENT ON COLUMN template_deployment.since IS 'From then on it was the newest, until the next of the category.';
