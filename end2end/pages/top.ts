import type { Page } from '@playwright/test';

/** The bar above every page of somebody signed in. */
export class TopBar {
  readonly navigation;
  readonly menuButton;
  readonly menu;
  readonly skipLink;

  constructor(readonly page: Page) {
    this.navigation = page.getByRole('navigation', { name: 'Main' });
    this.menuButton = page.getByRole('button', { name: 'Account menu' });
    this.menu = page.locator('#account-menu');
    this.skipLink = page.getByRole('link', { name: 'Skip to content' });
  }

  link(name: string) {
    return this.navigation.getByRole('link', { name });
  }

  async openAccount() {
    await this.menuButton.click();
    await this.menu.getByRole('link', { name: 'Account' }).click();
  }

  async signOut() {
    await this.menuButton.click();
    await this.menu.getByRole('button', { name: 'Sign out' }).click();
  }
}
