import type { Page } from '@playwright/test';

/** The library of images, for administrators. */
export class ImagesPage {
  readonly heading;
  readonly unfold;
  readonly reference;
  readonly credentials;
  readonly pull;
  readonly problems;
  readonly rows;
  readonly bulk;
  readonly outcome;
  readonly notice;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Images', level: 1 });
    this.unfold = page.getByText('Pull an image', { exact: true });
    this.reference = page.getByLabel('Reference', { exact: true });
    this.credentials = page.getByLabel('Credentials', { exact: true });
    this.pull = page.locator('.unfold').getByRole('button', { name: 'Pull', exact: true });
    this.problems = page.locator('.field-problem');
    this.rows = page.getByRole('table', { name: 'Images' }).locator('tbody tr');
    this.bulk = page.locator('#bulk');
    this.outcome = page.locator('.outcome');
    this.notice = page.locator('.notice-good');
  }

  async open(query = '') {
    await this.page.goto(`/images${query}`);
    return this;
  }

  /** The list narrowed to what has these words in its name. */
  find(words: string) {
    return this.open(`?q=${encodeURIComponent(words)}`);
  }

  row(name: string) {
    return this.rows.filter({ has: this.page.getByRole('rowheader', { name, exact: true }) });
  }

  cell(name: string, column: string) {
    return this.row(name).locator(`[data-label="${column}"]`);
  }

  link(name: string) {
    return this.row(name).getByRole('link', { name, exact: true });
  }

  tick(name: string) {
    return this.page.getByRole('checkbox', { name: `Select ${name}`, exact: true });
  }

  /** Chooses from the menu of a row. */
  async choose(name: string, deed: string) {
    const row = this.row(name);
    await row.getByRole('button', { name: /^Actions for/ }).click();
    await row.locator('.row-menu').getByText(deed, { exact: true }).click();
  }
}

/** One image. */
export class ImagePage {
  readonly heading;
  readonly badge;
  readonly pull;
  readonly remove;
  readonly newName;
  readonly addName;
  readonly notice;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { level: 1 });
    this.badge = page.locator('.page-state .badge');
    this.pull = page.getByRole('button', { name: 'Pull now' });
    this.remove = page.getByRole('link', { name: 'Remove …' });
    this.newName = page.getByLabel('Add a name');
    this.addName = page.getByRole('button', { name: 'Add name' });
    this.notice = page.locator('.notice-good');
  }

  async open(image: string) {
    await this.page.goto(`/images/show?image=${encodeURIComponent(image)}`);
    return this;
  }

  card(name: string) {
    return this.page.getByRole('region', { name, exact: true });
  }
}

/** What the engine's disk holds, and what pruning would take away. */
export class DiskPage {
  readonly heading;
  readonly shares;
  readonly mode;
  readonly days;
  readonly show;
  readonly problems;
  readonly plan;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Disk and pruning', level: 1 });
    this.shares = page.getByRole('table', { name: `What the engine's disk holds` }).locator('tbody tr');
    this.mode = page.getByLabel('What goes', { exact: true });
    this.days = page.getByLabel('Unused for at least so many days');
    this.show = page.getByRole('button', { name: 'Show the plan' });
    this.problems = page.locator('.field-problem');
    this.plan = page.getByRole('region', { name: 'The plan', exact: true });
  }

  async open() {
    await this.page.goto('/images/disk');
    return this;
  }
}
