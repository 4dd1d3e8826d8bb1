import type { Page } from '@playwright/test';

/** The list of groups. */
export class GroupsPage {
  readonly heading;
  readonly create;
  readonly search;
  readonly go;
  readonly count;
  readonly table;
  readonly rows;
  readonly notice;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Groups', level: 1 });
    this.create = page.getByRole('link', { name: 'New group' }).first();
    this.search = page.getByRole('searchbox', { name: 'Search by name' });
    this.go = page.getByRole('button', { name: 'Search' });
    this.count = page.locator('.search-count');
    this.table = page.getByRole('table', { name: 'Groups' });
    this.rows = this.table.locator('tbody tr');
    this.notice = page.locator('.notice-good');
  }

  async open(query = '') {
    await this.page.goto(`/groups${query}`);
    return this;
  }

  row(name: string) {
    return this.rows.filter({ has: this.page.getByRole('link', { name, exact: true }) });
  }

  head(column: string) {
    return this.table.getByRole('columnheader', { name: column });
  }

  edit(name: string) {
    return this.page.getByRole('link', { name: `Edit ${name}`, exact: true });
  }

  remove(name: string) {
    return this.page.getByRole('link', { name: `Delete ${name} …`, exact: true });
  }
}

/** The form of a group, new or saved. */
export class GroupForm {
  readonly heading;
  readonly save;
  readonly cancel;
  readonly summary;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { level: 1 });
    this.save = page.getByRole('button', { name: 'Save', exact: true });
    this.cancel = page.getByRole('link', { name: 'Cancel' });
    this.summary = page.locator('.problem-summary');
  }

  async openNew() {
    await this.page.goto('/groups/new');
    return this;
  }

  field(name: string) {
    return this.page.locator(`#form-${name}`);
  }

  problem(name: string) {
    return this.page.locator(`#form-${name}-problem`);
  }

  /** The tick of a workspace that members may launch. */
  workspace(name: string) {
    return this.field('workspaces').getByLabel(name, { exact: true });
  }

  async fill(fields: Record<string, string>) {
    for (const [name, value] of Object.entries(fields)) {
      const field = this.field(name);
      if ((await field.evaluate(e => e.tagName)) === 'SELECT') await field.selectOption(value);
      else await field.fill(value);
    }
  }
}
