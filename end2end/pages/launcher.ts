import type { Page } from '@playwright/test';
import { StreamPage } from './stream.ts';

export class LauncherPage {
  readonly heading;
  readonly search;
  readonly searchButton;
  readonly tiles;
  readonly own;
  readonly categories;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Launcher', level: 1 });
    this.search = page.getByRole('searchbox', { name: 'Find a workspace' });
    this.searchButton = page.getByRole('button', { name: 'Search' });
    this.tiles = page.locator('.tile');
    this.own = page.getByRole('region', { name: 'Your sessions' });
    this.categories = page.getByRole('navigation', { name: 'Categories' });
  }

  async open() {
    await this.page.goto('/');
    return this;
  }

  tile(name: string) {
    const exactly = new RegExp(`^${name.replace(/[()]/g, '\\$&')}$`);
    return this.tiles.filter({ has: this.page.locator('.tile-name', { hasText: exactly }) });
  }

  /** What is clicked on a tile: a button that launches, or a link to what runs already. */
  face(name: string) {
    return this.tile(name).locator('.tile-face');
  }

  star(name: string) {
    return this.tile(name).locator('.star');
  }

  /** The row of one of the reader's sessions. */
  session(name: string) {
    return this.own.getByRole('listitem').filter({ has: this.page.locator('.own-name', { hasText: name }) });
  }

  badge(name: string) {
    return this.session(name).locator('.badge');
  }

  /** Chooses from the menu beside a session. */
  async choose(session: string, deed: string) {
    const row = this.session(session);
    await row.locator('summary').click();
    await row.locator('.menu').getByText(deed, { exact: true }).click();
  }

  /** Clicks a tile and waits for the page of its session. */
  async launch(name: string): Promise<StreamPage> {
    await this.face(name).click();
    await this.page.waitForURL(/\/sessions\/[^/]+\/view/);
    return new StreamPage(this.page);
  }
}
