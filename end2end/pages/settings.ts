import type { Page } from '@playwright/test';

/** What administrators decide for the installation. */
export class SettingsPage {
  readonly save;
  readonly saved;
  readonly summary;

  constructor(readonly page: Page) {
    this.save = page.getByRole('button', { name: 'Save' });
    this.saved = page.locator('.form-saved');
    this.summary = page.getByRole('alert');
  }

  async open() {
    await this.page.goto('/settings');
    return this;
  }

  field(name: string) {
    return this.page.locator(`[name="form[${name}]"]`);
  }

  problem(name: string) {
    return this.page.locator(`#form-${name}-problem`);
  }

  /** A life-time rule: what happens, after how long. */
  async rule(rule: string, action: string, after: string) {
    await this.field(`${rule}_action`).selectOption(action);
    await this.field(`${rule}_after`).fill(after);
  }
}
