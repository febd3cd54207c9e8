"""The database backend whose connections follow the context (ENGINE = "shared_apps.tenants.backend")."""
