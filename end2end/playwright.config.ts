import { defineConfig } from '@playwright/test';
import { chromium } from './fixtures/chromium.ts';

// Two cores carry the server, Docker, the containers and Chromium: one journey at a time.
export default defineConfig({
  testDir: 'journeys',
  outputDir: 'test-results',
  workers: Number(process.env.WORKERS ?? 1),
  // Browser and engine share one machine here: when a container starts, the machine's addresses
  // change, and Chromium drops whatever it is loading at that moment (ERR_NETWORK_CHANGED), frames
  // included. A journey that met this is tried again; one that is broken fails each time.
  retries: 2,
  forbidOnly: !!process.env.CI,
  timeout: 90_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    viewport: { width: 1280, height: 800 },
    actionTimeout: 10_000,
    navigationTimeout: 15_000,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: chromium,
  },
});
