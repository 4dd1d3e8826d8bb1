import { type Page, expect } from '@playwright/test';

/** What the form posts for a field, without its frame `form[…]`. */
export type Fields = Record<string, string>;

/** The form of a workspace, new or saved. */
export class WorkspaceForm {
  readonly heading;
  readonly save;
  readonly saved;
  readonly summary;
  readonly notice;
  readonly picture;
  readonly upload;
  readonly pictureProblem;
  readonly preset;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { level: 1 });
    this.save = page.getByRole('button', { name: 'Save', exact: true });
    this.saved = page.locator('.form-saved');
    this.summary = page.locator('.problem-summary');
    this.notice = page.locator('.notice-good');
    this.picture = page.getByLabel('Picture', { exact: true });
    this.upload = page.getByRole('button', { name: 'Upload' });
    this.pictureProblem = page.locator('#icon-file-problem');
    this.preset = page.getByLabel('Start from a preset');
  }

  async openNew() {
    await this.page.goto('/workspaces/new');
    return this;
  }

  field(name: string) {
    return this.page.locator(`#form-${name}`);
  }

  problem(name: string) {
    return this.page.locator(`#form-${name}-problem`);
  }

  icon(name: string) {
    return this.page.getByRole('radio', { name });
  }

  /** The tick of a group whose members may launch it. */
  group(name: string) {
    return this.field('groups').getByLabel(name, { exact: true });
  }

  button(name: string) {
    return this.page.getByRole('button', { name, exact: true });
  }

  async fill(fields: Fields) {
    for (const [name, value] of Object.entries(fields)) {
      const field = this.field(name);
      if ((await field.evaluate(e => e.tagName)) === 'SELECT') await field.selectOption(value);
      else await field.fill(value);
    }
  }

  /** What was typed is still there. */
  async holds(fields: Fields) {
    for (const [name, value] of Object.entries(fields)) {
      await expect(this.field(name), `${name} keeps what was typed`).toHaveValue(value);
    }
  }
}
