import type { Page } from '@playwright/test';

/** The audit log. */
export class AuditPage {
  readonly heading;
  readonly search;
  readonly who;
  readonly action;
  readonly result;
  readonly from;
  readonly to;
  readonly go;
  readonly rows;
  readonly csv;
  readonly json;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Audit log', level: 1 });
    this.search = page.getByRole('searchbox', { name: 'Search all of a line' });
    this.who = page.getByLabel('Who', { exact: true });
    this.action = page.getByLabel('Action', { exact: true });
    this.result = page.getByLabel('Result', { exact: true });
    this.from = page.getByLabel('From', { exact: true });
    this.to = page.getByLabel('to', { exact: true });
    this.go = page.getByRole('button', { name: 'Search' });
    this.rows = page.getByRole('table', { name: 'Audit log' }).locator('tbody tr');
    this.csv = page.getByRole('link', { name: 'Export CSV' });
    this.json = page.getByRole('link', { name: 'Export JSON lines' });
  }

  async open(query = '') {
    await this.page.goto(`/audit${query}`);
    return this;
  }

  row(action: string, target: string) {
    return this.rows.filter({ hasText: action }).filter({ hasText: target });
  }
}
