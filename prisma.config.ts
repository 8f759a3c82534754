import { defineConfig } from "prisma/config";

/** For the Prisma CLI only (generate, authoring migrations); the project applies its migrations itself, see server/core/migrate.ts. */
export default defineConfig({
  schema: "prisma/schema",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env.MIGRATE_DATABASE_URL ?? "postgresql://localhost/drawbridge" },
});
