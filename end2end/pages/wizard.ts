import { type Page, expect } from '@playwright/test';

/** Create image from session. */
export class WizardPage {
  readonly image;
  readonly registry;
  readonly username;
  readonly password;
  readonly changes;
  readonly name;
  readonly next;
  readonly back;
  readonly create;
  readonly problems;

  constructor(readonly page: Page) {
    this.image = page.getByLabel('New image');
    this.registry = page.getByLabel('Registry', { exact: true });
    this.username = page.getByLabel('User name');
    this.password = page.getByLabel('Password or access token');
    this.changes = page.getByLabel('Additional changes');
    this.name = page.getByLabel('Name', { exact: true });
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
