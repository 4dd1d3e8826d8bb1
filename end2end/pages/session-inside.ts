import type { Page } from '@playwright/test';

/** What runs in a session, or the files it has changed: tables of what is inside its container. */
export class SessionInsidePage {
  readonly processes;
  readonly files;
  readonly search;
  readonly kind;
  readonly go;

  constructor(readonly page: Page) {
    this.processes = page.getByRole('table', { name: 'Processes' }).locator('tbody tr');
    this.files = page.getByRole('table', { name: 'Changed files' }).locator('tbody tr');
    this.search = page.getByRole('searchbox', { name: 'Search paths' });
    this.kind = page.getByLabel('Change', { exact: true });
    this.go = page.getByRole('button', { name: 'Search' });
  }

  async open(id: string, part: 'processes' | 'files', query = '') {
    await this.page.goto(`/sessions/${id}/${part}${query}`);
    return this;
  }

  /** The row of a changed path. */
  file(path: string) {
    return this.files.filter({ has: this.page.getByText(path, { exact: true }) });
  }
}
