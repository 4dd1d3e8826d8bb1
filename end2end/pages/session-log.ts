import type { Page } from '@playwright/test';

/** What a session's container has written. */
export class SessionLogPage {
  readonly log;
  readonly lines;
  readonly search;
  readonly level;
  readonly go;
  readonly times;
  readonly nowrap;
  readonly follow;
  readonly refresh;
  readonly download;
  readonly state;
  readonly goOn;

  constructor(readonly page: Page) {
    this.log = page.locator('pre.log');
    this.lines = this.log.locator('.log-line');
    this.search = page.getByRole('searchbox', { name: 'Search the log' });
    this.level = page.getByLabel('Level', { exact: true });
    this.go = page.getByRole('button', { name: 'Search' });
    this.times = page.getByRole('checkbox', { name: 'Times' });
    this.nowrap = page.getByRole('checkbox', { name: 'Do not wrap' });
    this.follow = page.getByRole('checkbox', { name: 'Follow' });
    this.refresh = page.getByText('Refresh', { exact: true });
    this.download = page.getByRole('link', { name: 'Download' });
    this.state = page.locator('.log-state');
    this.goOn = page.getByRole('button', { name: 'Go on following' });
  }

  async open(id: string, query = '') {
    await this.page.goto(`/sessions/${id}/log${query}`);
    return this;
  }

  async find(words: string) {
    await this.search.fill(words);
    await this.go.click();
  }
}
