import type { Page } from '@playwright/test';

export class LoginPage {
  readonly heading;
  readonly name;
  readonly password;
  readonly submit;
  readonly refusal;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Sign in' });
    this.name = page.getByLabel('User name');
    this.password = page.getByLabel('Password', { exact: true });
    this.submit = page.getByRole('button', { name: 'Sign in' });
    this.refusal = page.locator('.failure');
  }

  async signIn(name: string, password: string) {
    await this.name.fill(name);
    await this.password.fill(password);
    await this.submit.click();
  }
}
