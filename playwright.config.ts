import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

/**
 * Browser tests, against an installation that runs already: `npm test` and `npm run story` start one each. `story` needs a
 * fresh one; `screens` goes through the demonstration. By hand: DRAWBRIDGE_DATA=.data npx playwright test --project screens
 */
export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  // One installation, one story: tests change what others see.
  workers: 1,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: "list",
  use: {
    browserName: "chromium",
    actionTimeout: 15_000,
    viewport: { width: 1280, height: 800 },
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: {
      ...(existsSync("/usr/bin/chromium") ? { executablePath: "/usr/bin/chromium" } : {}),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "story", testMatch: "story.e2e.ts", timeout: 240_000 },
    {
      name: "screens",
      testMatch: "*.e2e.ts",
      testIgnore: "story.e2e.ts",
      // Filming each of many screens takes longer than looking at them.
      use: { trace: { mode: "retain-on-failure", screenshots: false } },
    },
  ],
});
