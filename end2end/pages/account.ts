import type { Page } from '@playwright/test';

export class AccountPage {
  readonly heading;
  readonly notice;
  readonly current;
  readonly next;
  readonly again;
  readonly change;
  readonly signIns;
  readonly everywhereElse;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Account', level: 1 });
    this.notice = page.locator('.notice-good');
    this.current = page.getByLabel('Present password');
    this.next = page.getByLabel('New password', { exact: true });
    this.again = page.getByLabel('New password again');
    this.change = page.getByRole('button', { name: 'Change password' });
    this.signIns = page.getByRole('region', { name: 'Where you are signed in' }).getByRole('listitem');
    this.everywhereElse = page.getByRole('button', { name: 'Sign out everywhere else' });
  }

  async open() {
    await this.page.goto('/account');
    return this;
  }

  theme(name: string) {
    return this.page.getByRole('radio', { name });
  }

  problem(field: string) {
    return this.page.locator(`#${field}-problem`);
  }

  async changePassword(current: string, next: string, again = next) {
    await this.current.fill(current);
    await this.next.fill(next);
    await this.again.fill(again);
    await this.change.click();
  }
}
