import type { Page } from '@playwright/test';

/** One session: state, deeds, configuration, timeline, log. */
export class SessionDetailPage {
  readonly heading;
  readonly badge;
  readonly timeline;
  readonly ending;
  readonly log;
  readonly refresh;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { level: 1 });
    this.badge = page.locator('.page-state .badge');
    this.timeline = page.locator('.timeline-entry');
    this.ending = page.locator('.ending-notice');
    this.log = page.locator('pre.log');
    this.refresh = page.getByText('Refresh', { exact: true });
  }

  async open(id: string) {
    await this.page.goto(`/sessions/${id}`);
    return this;
  }

  fact(term: string) {
    return this.page
      .locator('.fact')
      .filter({ has: this.page.locator('dt', { hasText: new RegExp(`^${term}$`) }) })
      .locator('dd');
  }

  deed(name: string) {
    return this.page.locator('.page-head').getByRole('button', { name, exact: true });
  }
}
