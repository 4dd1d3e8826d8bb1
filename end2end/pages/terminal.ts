import type { FrameLocator } from '@playwright/test';

/** The shell that xterm.js shows inside a stream's frame. */
export class Terminal {
  readonly screen;
  readonly input;
  readonly root;

  constructor(frame: FrameLocator) {
    this.root = frame.locator('html');
    this.screen = frame.locator('.xterm-rows');
    this.input = frame.locator('.xterm-helper-textarea');
  }

  async run(command: string) {
    await this.input.focus();
    await this.input.pressSequentially(command);
    await this.input.press('Enter');
  }
}
