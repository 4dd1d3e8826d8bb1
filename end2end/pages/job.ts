import type { Page } from '@playwright/test';

/** One job: its state, log, and what it made. */
export class JobPage {
  readonly badge;
  readonly search;
  readonly log;
  readonly password;
  readonly cancel;
  readonly retry;

  constructor(readonly page: Page) {
    this.badge = page.locator('.page-state .badge');
    this.search = page.getByRole('searchbox', { name: 'Search the log' });
    this.log = page.locator('pre.log');
    this.password = page.getByLabel('Password or access token of the registry');
    this.cancel = page.getByRole('button', { name: 'Cancel job' });
    this.retry = page.getByRole('button', { name: 'Retry' });
  }

  async open(id: string) {
    await this.page.goto(`/jobs/${id}`);
    return this;
  }
}
