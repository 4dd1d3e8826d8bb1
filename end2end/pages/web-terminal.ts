import { type Page, expect } from '@playwright/test';

/** A shell in a session's container, on a page of the console's own. */
export class WebTerminalPage {
  readonly heading;
  readonly screen;
  readonly input;
  readonly state;
  readonly back;
  readonly reconnect;
  readonly close;
  readonly over;
  readonly again;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { level: 1 });
    this.screen = page.locator('.xterm-rows');
    this.input = page.locator('.xterm-helper-textarea');
    this.state = page.locator('#state');
    this.back = page.getByRole('link', { name: 'Back to the session' });
    this.reconnect = page.getByRole('button', { name: 'Reconnect' });
    this.close = page.getByRole('button', { name: 'Close', exact: true });
    this.over = page.locator('#over');
    this.again = page.getByRole('button', { name: 'Open again' });
  }

  async open(id: string) {
    await this.page.goto(`/sessions/${id}/terminal`);
    return this;
  }

  async isConnected() {
    await expect(this.page.locator('html')).toHaveAttribute('data-state', 'connected', { timeout: 30_000 });
  }

  async run(command: string) {
    await this.input.focus();
    await this.input.pressSequentially(command);
    await this.input.press('Enter');
  }
}
