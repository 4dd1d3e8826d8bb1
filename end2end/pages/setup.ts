import type { Page } from '@playwright/test';

export class SetupPage {
  readonly heading;
  readonly name;
  readonly password;
  readonly again;
  readonly finish;
  readonly refusal;
  readonly summary;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Set up Slipway' });
    this.name = page.getByLabel('User name');
    this.password = page.getByLabel('Password', { exact: true });
    this.again = page.getByLabel('Password again');
    this.finish = page.getByRole('button', { name: 'Finish and go to the launcher' });
    this.refusal = page.locator('.failure');
    this.summary = page.locator('.problem-summary');
  }

  starter(name: string) {
    return this.page.getByRole('checkbox', { name: new RegExp(`^${name}`) });
  }

  /** The problem told at a field. */
  problem(field: string) {
    return this.page.locator(`#${field}-problem`);
  }

  async fill(name: string, password: string, again = password) {
    await this.name.fill(name);
    await this.password.fill(password);
    await this.again.fill(again);
  }
}
