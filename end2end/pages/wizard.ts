import { type Page, expect } from '@playwright/test';
import { TestReport } from './registries.ts';

/** Create image from session. */
export class WizardPage {
  readonly image;
  readonly target;
  readonly registry;
  readonly username;
  readonly password;
  readonly changes;
  readonly purpose;
  readonly name;
  readonly test;
  readonly report;
  readonly next;
  readonly back;
  readonly create;
  readonly problems;

  constructor(readonly page: Page) {
    this.image = page.getByLabel('New image');
    this.target = page.getByLabel('Push the image to');
    this.registry = page.getByLabel('Address');
    this.username = page.getByLabel('User name');
    this.password = page.getByLabel('Password or access token');
    this.changes = page.getByLabel('Additional changes');
    this.purpose = page.getByLabel('Make', { exact: true });
    this.name = page.getByLabel('Name of the workspace');
    this.test = page.getByRole('button', { name: 'Test', exact: true });
    this.report = new TestReport(page);
    this.next = page.getByRole('button', { name: 'Next' });
    this.back = page.getByRole('button', { name: 'Back' });
    this.create = page.getByRole('button', { name: 'Create image' });
    this.problems = page.locator('.field-problem');
  }

  async open(session: string) {
    await this.page.goto(`/sessions/${session}/image`);
    return this;
  }

  /** The page of the wizard that is shown. */
  async isAt(step: string) {
    await expect(this.page.locator('.steps [aria-current]')).toHaveText(step);
  }
}
