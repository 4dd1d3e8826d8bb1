import type { Page } from '@playwright/test';

/** The page that asks before a workspace is launched. */
export class LaunchFormPage {
  readonly heading;
  readonly summary;
  readonly launch;
  readonly cancel;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { level: 1 });
    this.summary = page.locator('.problem-summary');
    this.launch = page.getByRole('button', { name: 'Launch', exact: true });
    this.cancel = page.getByRole('link', { name: 'Cancel' });
  }

  /** A field by what it is called. */
  field(label: string) {
    return this.page.getByLabel(label, { exact: true });
  }

  /** What is wrong with the answer that goes to a variable or a file. */
  problem(target: string, group: 'answers' | 'secrets' = 'answers') {
    return this.page.locator(`[id="${group}-${target}-problem"]`);
  }
}
