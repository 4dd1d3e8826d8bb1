import type { Page } from '@playwright/test';

/** Everybody's sessions, for administrators. */
export class SessionsPage {
  readonly heading;
  readonly search;
  readonly state;
  readonly perPage;
  readonly go;
  readonly count;
  readonly table;
  readonly rows;
  readonly bulk;
  readonly outcome;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Sessions', level: 1 });
    this.search = page.getByRole('searchbox', { name: 'Search by user' });
    this.state = page.getByLabel('State', { exact: true });
    this.perPage = page.getByLabel('Rows on a page');
    this.go = page.getByRole('button', { name: 'Search' });
    this.count = page.locator('.search-count');
    this.table = page.getByRole('table', { name: 'Sessions' });
    this.rows = this.table.locator('tbody tr');
    this.bulk = page.locator('#bulk');
    this.outcome = page.locator('.outcome');
  }

  async open(query = '') {
    await this.page.goto(`/sessions${query}`);
    return this;
  }

  /** The row of a user's session of a workspace. */
  row(user: string, workspace: string) {
    return this.rows
      .filter({ has: this.page.getByRole('cell', { name: user, exact: true }) })
      .filter({ has: this.page.getByRole('rowheader', { name: workspace }) });
  }

  cell(row: ReturnType<SessionsPage['row']>, column: string) {
    return row.locator(`[data-label="${column}"]`);
  }

  head(column: string) {
    return this.table.getByRole('columnheader', { name: column });
  }

  async find(words: string) {
    await this.search.fill(words);
    await this.go.click();
  }
}
