import type { Page } from '@playwright/test';

/** Definitions of workspaces as a text: taken in, and taken away. */
export class DefinitionsPage {
  readonly heading;
  readonly file;
  readonly readFile;
  readonly text;
  readonly look;
  readonly save;
  readonly report;
  readonly problems;
  readonly download;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Import and export of workspaces', level: 1 });
    this.file = page.getByLabel('File with definitions');
    this.readFile = page.getByRole('button', { name: 'Read file' });
    this.text = page.getByLabel('Definitions', { exact: true });
    this.look = page.getByRole('button', { name: 'Show changes' });
    this.save = page.getByRole('button', { name: 'Save', exact: true });
    this.report = page.getByRole('region', { name: 'What would change' });
    this.problems = page.locator('.problem-summary');
    this.download = page.getByRole('button', { name: 'Download' });
  }

  async open() {
    await this.page.goto('/workspaces/import');
    return this;
  }

  /** The line of a workspace in what would change. */
  entry(name: string) {
    return this.report.locator('.launch-step').filter({
      has: this.page.locator('.launch-step-name').getByText(name, { exact: true }),
    });
  }

  /** The line of one of its fields. */
  change(name: string, field: string) {
    return this.entry(name).locator('.changes > li').filter({
      has: this.page.locator('code').getByText(field, { exact: true }),
    });
  }
}
