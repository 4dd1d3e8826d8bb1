import { type Page, expect } from '@playwright/test';

/** What a test of a registry found. */
export class TestReport {
  readonly region;

  constructor(page: Page) {
    this.region = page.getByRole('region', { name: 'What the test found' });
  }

  /** What is said of each step, such as `May push: No`. */
  async says(step: string, word: 'Yes' | 'No' | 'Not tried', words: string | RegExp = '') {
    const line = this.region.getByRole('listitem').filter({ hasText: step });
    await expect(line.locator('.launch-step-state')).toHaveText(word, { timeout: 15_000 });
    await expect(line).toContainText(words);
  }
}

/** The list of registries. */
export class RegistriesPage {
  readonly heading;
  readonly create;
  readonly importing;
  readonly rows;
  readonly notice;
  readonly report;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Registries', level: 1 });
    this.create = page.getByRole('link', { name: 'New registry' }).first();
    this.importing = page.getByRole('link', { name: 'Import from Docker' }).first();
    this.rows = page.getByRole('table', { name: 'Registries' }).locator('tbody tr');
    this.notice = page.locator('.notice-good');
    this.report = new TestReport(page);
  }

  async open() {
    await this.page.goto('/registries');
    return this;
  }

  row(name: string) {
    return this.rows.filter({ has: this.page.getByRole('rowheader', { name, exact: true }) });
  }

  test(name: string) {
    return this.page.getByRole('button', { name: `Test ${name}`, exact: true });
  }

  edit(name: string) {
    return this.page.getByRole('link', { name: `Edit ${name}`, exact: true });
  }

  remove(name: string) {
    return this.page.getByRole('link', { name: `Delete ${name} …`, exact: true });
  }
}

/** The page that stores what a `config.json` of Docker names. */
export class ImportPage {
  readonly text;
  readonly look;
  readonly store;
  readonly done;
  readonly problems;
  readonly report;

  constructor(readonly page: Page) {
    this.text = page.getByLabel('Content of config.json');
    this.look = page.getByRole('button', { name: 'Look', exact: true });
    this.store = page.getByRole('button', { name: 'Import', exact: true });
    this.done = page.getByRole('link', { name: 'Show registries' });
    this.problems = page.locator('.field-problem');
    this.report = page.getByRole('region', { name: 'What becomes of each registry' });
  }

  /** What is said of a registry of the file, such as `Can be stored`. */
  async says(key: string, word: string, words: string | RegExp = '') {
    const line = this.report.getByRole('listitem').filter({ hasText: key });
    await expect(line.locator('.launch-step-state')).toHaveText(word);
    await expect(line).toContainText(words);
  }
}

/** The form of a registry, new or saved. */
export class RegistryForm {
  readonly name;
  readonly address;
  readonly insecure;
  readonly username;
  readonly password;
  readonly ca;
  readonly repository;
  readonly test;
  readonly save;
  readonly problems;
  readonly report;

  constructor(readonly page: Page) {
    this.name = page.getByLabel('Name', { exact: true });
    this.address = page.getByLabel('Address');
    this.insecure = page.getByLabel('Insecure: speak plain HTTP');
    this.username = page.getByLabel('User name');
    this.password = page.getByLabel('Password or access token');
    this.ca = page.getByLabel('CA certificate');
    this.repository = page.getByLabel('Repository to test with');
    this.test = page.getByRole('button', { name: 'Test', exact: true });
    this.save = page.getByRole('button', { name: 'Save', exact: true });
    this.problems = page.locator('.field-problem');
    this.report = new TestReport(page);
  }
}
