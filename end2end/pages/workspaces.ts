import type { Page } from '@playwright/test';

/** The library of workspaces, for administrators. */
export class WorkspacesPage {
  readonly heading;
  readonly create;
  readonly search;
  readonly state;
  readonly perPage;
  readonly go;
  readonly count;
  readonly table;
  readonly rows;
  readonly notice;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Workspaces', level: 1 });
    this.create = page.getByRole('link', { name: 'New workspace' }).first();
    this.search = page.getByRole('searchbox', { name: 'Search by name' });
    this.state = page.getByLabel('State', { exact: true });
    this.perPage = page.getByLabel('Rows on a page');
    this.go = page.getByRole('button', { name: 'Search' });
    this.count = page.locator('.search-count');
    this.table = page.getByRole('table', { name: 'Workspaces' });
    this.rows = this.table.locator('tbody tr');
    this.notice = page.locator('.notice-good');
  }

  async open(query = '') {
    await this.page.goto(`/workspaces${query}`);
    return this;
  }

  row(name: string) {
    return this.rows.filter({ has: this.page.getByRole('rowheader', { name, exact: true }) });
  }

  head(column: string) {
    return this.table.getByRole('columnheader', { name: column });
  }

  /** Chooses from the menu of a row. */
  async choose(name: string, deed: string) {
    const row = this.row(name);
    await row.getByRole('button', { name: /^Actions for/ }).click();
    await row.locator('.row-menu').getByText(deed, { exact: true }).click();
  }
}
