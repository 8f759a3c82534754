import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

/**
 * Browser tests, against an installation that runs already: `npm test` and `npm run story` start one each. `story` needs a
 * fresh one; `screens` goes through the demonstration. By hand: DRAWBRIDGE_DATA=.data npx playwright test --project screens
 */
export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  workers: 2,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  // Bounds for a machine that is busy with other tests; what is waited for is there in milliseconds on one that is not.
  expect: { timeout: 30_000 },
  reporter: "list",
  use: {
    browserName: "chromium",
    actionTimeout: 45_000,
    viewport: { width: 1280, height: 800 },
    // Without a film: on two cores it takes longer than what it shows.
    trace: { mode: "retain-on-failure", screenshots: false },
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
    // Each step goes on from what the one before left.
    { name: "story", testMatch: "story.e2e.ts", timeout: 360_000, workers: 1 },
    // Each test adds to its time by the screens that it goes through.
    { name: "screens", testMatch: "*.e2e.ts", testIgnore: "story.e2e.ts", timeout: 120_000, fullyParallel: true },
  ],
});
