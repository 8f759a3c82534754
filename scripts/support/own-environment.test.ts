import { expect, it } from "vitest";
import { ownEnvironment } from "./own-environment";

it("the app and the workers are given their settings, and no secret of the migrating step or of who started them", () => {
  const needed = {
    DATABASE_URL: "a",
    QUEUE_DATABASE_URL: "q",
    ENVELOPE_KEY: "k",
    PATH: "/bin",
    NODE_ENV: "production",
  };
  const others = {
    ...{ MIGRATE_DATABASE_URL: "o", POSTGRES_OWNER_PASSWORD: "p", POSTGRES_APP_PASSWORD: "p", SEED_PASSWORD: "s" },
    ...{ AWS_SECRET_ACCESS_KEY: "x", HOME: "/root", SSH_AUTH_SOCK: "y" },
  };
  expect(ownEnvironment({ ...needed, ...others })).toEqual(needed);
});
