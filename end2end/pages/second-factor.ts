import { type Page, expect } from '@playwright/test';
import { Device } from '../fixtures/device.ts';

/** Recovery codes, where they are shown once. */
export class RecoveryCodes {
  readonly region;
  readonly codes;
  readonly file;

  constructor(page: Page) {
    this.region = page.getByRole('region', { name: 'Recovery codes' });
    this.codes = this.region.getByRole('listitem');
    this.file = this.region.getByRole('link', { name: 'Save as a file' });
  }

  async all(): Promise<string[]> {
    await expect(this.codes).toHaveCount(10);
    return this.codes.allInnerTexts();
  }
}

/** Where a second factor is set up. */
export class SecondFactorPage {
  readonly heading;
  readonly password;
  readonly begin;
  readonly picture;
  readonly secret;
  readonly code;
  readonly turnOn;
  readonly cancel;
  readonly signOut;
  readonly recovery;
  readonly goOn;
  readonly problem;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Second factor', level: 1 });
    this.password = page.getByLabel('Your password');
    this.begin = page.getByRole('button', { name: 'Go on' });
    this.picture = page.getByRole('img', { name: /QR code/ });
    this.secret = page.locator('#second-factor-secret');
    this.code = page.getByLabel('Code', { exact: true });
    this.turnOn = page.getByRole('button', { name: 'Turn on' });
    this.cancel = page.getByRole('link', { name: 'Cancel' });
    this.signOut = page.getByRole('button', { name: 'Sign out' });
    this.recovery = new RecoveryCodes(page);
    this.goOn = page.getByRole('link', { name: 'I have kept them, go on' });
    this.problem = page.locator('.field-problem');
  }

  async open(query = '') {
    await this.page.goto(`/second-factor${query}`);
    return this;
  }

  /** Gives the password; gives the device that is told the secret. */
  async tell(password: string): Promise<Device> {
    await this.password.fill(password);
    await this.begin.click();
    await expect(this.picture).toBeVisible();
    return new Device(await this.secret.innerText());
  }

  /** Gives a code of the device; gives the recovery codes. */
  async confirm(device: Device): Promise<string[]> {
    await this.code.fill(await device.code());
    await this.turnOn.click();
    return this.recovery.all();
  }
}

/** Where a code is asked for after the password. */
export class LoginCodePage {
  readonly heading;
  readonly code;
  readonly submit;
  readonly problem;
  readonly refusal;
  readonly again;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Enter a code' });
    this.code = page.getByLabel('Code', { exact: true });
    this.submit = page.getByRole('button', { name: 'Sign in' });
    this.problem = page.locator('#code-problem');
    this.refusal = page.locator('.failure');
    this.again = page.getByRole('link', { name: 'Begin again with name and password' });
  }

  async give(code: string) {
    await this.code.fill(code);
    await this.submit.click();
  }
}

/** The card of the account page. */
export class SecondFactorCard {
  readonly region;
  readonly setUp;
  readonly move;
  readonly left;
  readonly password;
  readonly renew;
  readonly turnOff;
  readonly recovery;

  constructor(page: Page) {
    this.region = page.getByRole('region', { name: 'Second factor' });
    this.setUp = this.region.getByRole('link', { name: 'Set it up' });
    this.move = this.region.getByRole('link', { name: 'Move it to another device' });
    this.left = this.region.locator('.facts > div', { hasText: 'Recovery codes left' }).locator('dd');
    this.password = this.region.getByLabel('Your password');
    this.renew = this.region.getByRole('button', { name: 'Make new recovery codes' });
    this.turnOff = this.region.getByRole('button', { name: 'Turn it off' });
    this.recovery = new RecoveryCodes(page);
  }
}
