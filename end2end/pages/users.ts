import { type Page, expect } from '@playwright/test';

/** The list of accounts. */
export class UsersPage {
  readonly heading;
  readonly create;
  readonly search;
  readonly role;
  readonly state;
  readonly go;
  readonly rows;
  readonly notice;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Users', level: 1 });
    this.create = page.getByRole('link', { name: 'New user' });
    this.search = page.getByRole('searchbox', { name: 'Search by name' });
    this.role = page.getByRole('combobox', { name: 'Role', exact: true });
    this.state = page.getByLabel('State', { exact: true });
    this.go = page.getByRole('button', { name: 'Search' });
    this.rows = page.getByRole('table', { name: 'Users' }).locator('tbody tr');
    this.notice = page.locator('.notice-good');
  }

  async open(query = '') {
    await this.page.goto(`/users${query}`);
    return this;
  }

  row(name: string) {
    return this.rows.filter({ has: this.page.getByRole('rowheader', { name, exact: true }) });
  }

  /** Opens the page of an account, found by its name. */
  async account(name: string): Promise<UserPage> {
    await this.open(`?q=${name}`);
    await this.row(name).getByRole('link', { name, exact: true }).click();
    const user = new UserPage(this.page);
    await expect(this.page.getByRole('heading', { name, level: 1 })).toBeVisible();
    return user;
  }
}

/** A one-time link, where it is shown. */
export class NewLink {
  readonly region;
  readonly field;
  readonly copy;

  constructor(page: Page) {
    this.region = page.getByRole('region', { name: 'One-time link' });
    this.field = this.region.getByLabel('Link');
    this.copy = this.region.getByRole('button', { name: 'Copy' });
  }

  async address(): Promise<string> {
    await expect(this.field).toHaveValue(/\/invite\?token=[\w-]{43}$/);
    return this.field.inputValue();
  }
}

/** The form of a new account. */
export class NewUserForm {
  readonly name;
  readonly role;
  readonly password;
  readonly again;
  readonly create;
  readonly invite;
  readonly problems;
  readonly link;

  constructor(readonly page: Page) {
    this.name = page.getByLabel('User name');
    this.role = page.getByRole('combobox', { name: 'Role', exact: true });
    this.password = page.getByLabel('Password', { exact: true });
    this.again = page.getByLabel('Password again');
    this.create = page.getByRole('button', { name: 'Create with this password' });
    this.invite = page.getByRole('button', { name: 'Invite by a link' });
    this.problems = page.locator('.field-problem');
    this.link = new NewLink(page);
  }

  async open() {
    await this.page.goto('/users/new');
    return this;
  }
}

/** One account. */
export class UserPage {
  readonly badge;
  readonly notice;
  readonly role;
  readonly changeRole;
  readonly switch;
  readonly newLink;
  readonly withdraw;
  readonly link;
  readonly signIns;
  readonly sessions;
  readonly resetSecondFactor;
  readonly remove;

  constructor(readonly page: Page) {
    this.badge = page.locator('.page-state .badge');
    this.notice = page.locator('.notice-good').first();
    this.role = page.getByRole('combobox', { name: 'Role', exact: true });
    this.changeRole = page.getByRole('button', { name: 'Change role' });
    this.switch = page.getByRole('button', { name: /^(Disable|Enable)$/ });
    this.newLink = page.getByRole('button', { name: /^Make a (link|new invitation)/ });
    this.withdraw = page.getByRole('button', { name: 'Withdraw the link' });
    this.link = new NewLink(page);
    this.signIns = page.getByRole('region', { name: 'Signed in' }).getByRole('listitem');
    this.sessions = page.getByRole('region', { name: 'Sessions' }).getByRole('listitem');
    this.resetSecondFactor = page.getByRole('link', { name: 'Reset the second factor …' });
    this.remove = page.getByRole('link', { name: 'Delete user …' });
  }

  /** What the address names the account by. */
  async id(): Promise<string> {
    return new URL(this.page.url()).pathname.split('/').at(-1)!;
  }
}

/** Where a one-time link leads. */
export class InvitePage {
  readonly heading;
  readonly password;
  readonly again;
  readonly submit;
  readonly problems;
  readonly refusal;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Choose your password' });
    this.password = page.getByLabel('Password', { exact: true });
    this.again = page.getByLabel('Password again');
    this.submit = page.getByRole('button', { name: 'Set the password and sign in' });
    this.problems = page.locator('.field-problem');
    this.refusal = page.locator('.failure');
  }

  async choose(password: string, again = password) {
    await this.password.fill(password);
    await this.again.fill(again);
    await this.submit.click();
  }
}
