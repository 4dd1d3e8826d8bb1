import type { Page } from '@playwright/test';

/** The trial of a workspace, for administrators. */
export class WorkspaceTrialPage {
  readonly heading;
  readonly notice;
  readonly begin;
  readonly onTrial;
  readonly verdicts;
  readonly problems;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { level: 1 });
    this.notice = page.locator('.notice-good');
    this.begin = page.getByRole('button', { name: 'Begin trial' });
    this.onTrial = page.getByRole('region', { name: 'On trial' });
    this.verdicts = page.getByRole('region', { name: 'What testers say' });
    this.problems = page.locator('.problem-summary');
  }

  async open(workspace: string) {
    await this.page.goto(`/workspaces/${workspace}/trial`);
    return this;
  }

  async fill({ image, notes }: { image: string; notes?: string }) {
    await this.page.getByLabel('Image', { exact: true }).fill(image);
    if (notes !== undefined) await this.page.getByLabel('Notes for testers').fill(notes);
  }

  group(name: string) {
    return this.page.getByRole('group', { name: 'Testers' }).getByRole('checkbox', { name, exact: true });
  }

  /** Asks whether to promote or to end it. */
  ask(deed: 'Promote …' | 'End trial …') {
    return this.onTrial.getByRole('link', { name: deed });
  }
}

/** A trial, for its testers. */
export class TrialPage {
  readonly heading;
  readonly notice;
  readonly works;
  readonly fails;
  readonly words;
  readonly send;
  readonly problems;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { level: 1 });
    this.notice = page.locator('.notice-good');
    this.works = page.getByRole('radio', { name: 'Works' });
    this.fails = page.getByRole('radio', { name: 'Does not work' });
    this.words = page.getByLabel('In your words');
    this.send = page.getByRole('button', { name: 'Send' });
    this.problems = page.locator('.problem-summary');
  }
}
