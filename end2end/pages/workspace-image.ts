import type { Page } from '@playwright/test';

/** Which image a workspace launches, and which ones it has launched. */
export class WorkspaceImagePage {
  readonly heading;
  readonly rows;
  readonly notice;
  readonly pinned;
  readonly unpin;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { level: 1 });
    this.rows = page.getByRole('table', { name: 'Revisions' }).locator('tbody tr');
    this.notice = page.locator('.notice-good');
    this.pinned = page.locator('.waiting-notice');
    this.unpin = page.getByRole('button', { name: 'Unpin' });
  }

  async open(workspace: string) {
    await this.page.goto(`/workspaces/${workspace}/image`);
    return this;
  }

  row(number: number) {
    return this.rows.filter({ has: this.page.getByRole('rowheader', { name: String(number), exact: true }) });
  }

  rollBack(number: number) {
    return this.page.getByRole('link', { name: `Roll back to revision ${number} …`, exact: true });
  }

  fact(term: string) {
    return this.page
      .locator('.fact')
      .filter({ has: this.page.locator('dt', { hasText: new RegExp(`^${term}$`) }) })
      .locator('dd');
  }
}

/** The section about the webhook on the form of a registry or a workspace. */
export class WebhookSection {
  readonly region;
  readonly make;
  readonly remove;
  readonly secret;
  readonly address;
  readonly lastCall;

  constructor(page: Page) {
    this.region = page.getByRole('region', { name: 'Webhook' });
    this.make = this.region.getByRole('button', { name: /^Make a/ });
    this.remove = this.region.getByRole('button', { name: 'Remove' });
    this.secret = this.region.locator('.hook-secret');
    this.address = this.region.locator('.fact').filter({ hasText: 'Address' }).locator('code');
    this.lastCall = this.region.locator('.fact').filter({ hasText: 'Last called' }).locator('dd');
  }
}
