import { defineConfig } from '@playwright/test';
import journeys from './playwright.config.ts';

// Not part of the tests: `SCREENS=folder npx playwright test -c screens.config.ts` takes pictures
// of every page, for the README and for looking at the whole.
export default defineConfig({
  ...journeys,
  testDir: 'screens',
  timeout: 180_000,
  use: { ...journeys.use, trace: 'off', screenshot: 'off' },
});
