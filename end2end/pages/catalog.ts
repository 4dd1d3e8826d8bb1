import type { Page } from '@playwright/test';
import { DefinitionsPage } from './definitions.ts';

/** Workspaces from a catalog: what somebody else publishes. */
export class CatalogPage {
  readonly heading;
  readonly address;
  readonly show;
  readonly entries;
  readonly look;
  readonly save;
  readonly problems;
  /** What would change, as an import shows it. */
  readonly changes;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Catalog', level: 1 });
    this.address = page.getByLabel('Address of the catalog');
    this.show = page.getByRole('button', { name: 'Show entries' });
    this.entries = page.locator('.catalog > li');
    this.look = page.getByRole('button', { name: 'Show changes' });
    this.save = page.getByRole('button', { name: 'Save', exact: true });
    this.problems = page.locator('.problem-summary');
    this.changes = new DefinitionsPage(page);
  }

  async open() {
    await this.page.goto('/workspaces/catalog');
    return this;
  }

  /** The line of an entry. */
  entry(name: string) {
    return this.entries.filter({
      has: this.page.locator('.launch-step-name').getByText(name, { exact: true }),
    });
  }

  tick(name: string) {
    return this.page.getByRole('checkbox', { name, exact: true });
  }
}
