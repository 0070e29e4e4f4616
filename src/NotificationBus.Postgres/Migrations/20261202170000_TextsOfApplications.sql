-- Applications may have texts of their own. A host of the version before writes and sees those for all.
ALTER TABLE template_deployment ADD COLUMN application text;

COMMENT ON COLUMN template_deployment.application IS 'The application that has these texts of its own; null for those of all.';
