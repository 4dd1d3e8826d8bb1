import type { Page } from '@playwright/test';

/** One session: state, deeds, the way to its parts; figures, configuration and timeline. */
export class SessionDetailPage {
  readonly heading;
  readonly badge;
  readonly timeline;
  readonly ending;
  readonly waiting;
  readonly tabs;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { level: 1 });
    this.badge = page.locator('.page-state .badge');
    this.timeline = page.locator('.timeline-entry');
    this.ending = page.locator('.ending-notice');
    this.waiting = page.locator('.waiting-notice');
    this.tabs = page.getByRole('navigation', { name: 'Session' });
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

  /** The link to a part of the page. */
  tab(name: string) {
    return this.tabs.getByRole('link', { name, exact: true });
  }

  /** A chart by what it says aloud. */
  chart(name: RegExp) {
    return this.page.getByRole('img', { name });
  }

  deed(name: string) {
    return this.page.locator('.page-head').getByRole('button', { name, exact: true });
  }
}
