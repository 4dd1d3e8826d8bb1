import { type FrameLocator, type Page, expect } from '@playwright/test';

/** A session full window: its launch, its stream, or what became of it. */
export class StreamPage {
  readonly bar;
  readonly badge;
  readonly panel;
  readonly ending;
  readonly steps;
  readonly iframe;
  readonly frame: FrameLocator;
  readonly fold;

  constructor(readonly page: Page) {
    this.bar = page.locator('header.bar');
    this.badge = this.bar.locator('.badge');
    this.panel = page.locator('.stage-panel');
    this.ending = page.locator('.ending-notice');
    this.steps = page.getByRole('list', { name: 'Launch steps' }).getByRole('listitem');
    this.iframe = page.locator('iframe.stage-frame');
    this.frame = page.frameLocator('iframe.stage-frame');
    this.fold = this.bar.locator('.bar-fold');
  }

  /** The session's id, from the address. */
  get id(): string {
    const id = /\/sessions\/([^/]+)/.exec(new URL(this.page.url()).pathname)?.[1];
    if (!id) throw new Error(`no session at ${this.page.url()}`);
    return id;
  }

  async open(id: string) {
    await this.page.goto(`/sessions/${id}/view`);
    return this;
  }

  step(name: string) {
    return this.steps.filter({ hasText: name });
  }

  button(name: string) {
    return this.page.locator('main, header.bar').getByRole('button', { name, exact: true });
  }

  /** The button in the bar, where the panel may have one of the same name. */
  barButton(name: string) {
    return this.bar.getByRole('button', { name, exact: true });
  }

  panelButton(name: string) {
    return this.panel.getByRole('button', { name, exact: true });
  }

  async isRunning() {
    await expect(this.badge).toHaveText('Running', { timeout: 30_000 });
    await expect(this.iframe).toBeVisible();
  }

  /** Waits until the program in the frame says that it has its connection. */
  async isConnected() {
    await this.isRunning();
    await expect(this.frame.locator('html')).toHaveAttribute('data-state', 'connected', { timeout: 30_000 });
  }

  async delete() {
    await this.barButton('Delete …').click();
    await this.page.getByRole('dialog').getByRole('button', { name: 'Delete session' }).click();
  }
}
