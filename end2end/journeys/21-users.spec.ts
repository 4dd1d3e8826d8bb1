import fs from 'node:fs/promises';
import { isAccessible } from '../fixtures/axe.ts';
import { PASSWORD, type Visitor, expect, sessionsOf, test } from '../fixtures/test.ts';
import { AuditPage } from '../pages/audit.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { LoginPage } from '../pages/login.ts';
import { SessionsPage } from '../pages/sessions.ts';
import { StreamPage } from '../pages/stream.ts';
import { TopBar } from '../pages/top.ts';
import { InvitePage, NewUserForm, UsersPage } from '../pages/users.ts';

const OTHER = 'paper-violin-harbour';

let people = 0;
const fresh = (what: string) => `${what}-${(people += 1)}-${process.pid}`;

/** What of a link is the same wherever the server is reached. */
const path = (address: string) => new URL(address).pathname + new URL(address).search;

/** What a link downloads. */
async function downloaded(visitor: Visitor, link: { click(): Promise<void> }): Promise<string> {
  const [download] = await Promise.all([visitor.page.waitForEvent('download'), link.click()]);
  return fs.readFile((await download.path())!, 'utf8');
}

test.describe('Users', () => {
  test('one is invited, chooses a password in another browser, and is let in once', async ({ server, stranger, visitor }) => {
    const admin = await visitor({ admin: true });
    const { page } = admin;
    const name = fresh('grace');
    const form = await new NewUserForm(page).open();

    admin.guard.expect('/fn/invite_user', 422);
    await test.step('a bad name says so at its field', async () => {
      await form.name.fill('no name');
      await form.invite.click();
      await expect(form.problems.first()).toContainText('A user name has');
      await expect(form.name).toHaveValue('no name');
      await isAccessible(page);
    });

    await form.name.fill(name);
    await form.role.selectOption('Operator');
    await form.invite.click();
    const address = await form.link.address();
    await expect(form.link.copy).toBeVisible();
    await isAccessible(page);

    await test.step('the list has the account, which nobody can use yet', async () => {
      const list = await new UsersPage(page).open();
      await expect(list.row(name)).toContainText('Operator');
      await expect(list.row(name)).toContainText('Invited');
      await expect(list.row(name)).toContainText('Never');
      await list.state.selectOption('Invited');
      await list.role.selectOption('Operator');
      await list.go.click();
      await expect(page).toHaveURL(/filter=operator/);
      await expect(list.row(name)).toHaveCount(1);
      await list.role.selectOption('Auditor');
      await list.go.click();
      await expect(list.row(name)).toHaveCount(0);
    });

    const grace = await stranger();
    grace.guard.expect('/fn/sign_in', 401);
    await grace.page.goto('/login');
    const login = new LoginPage(grace.page);
    await login.signIn(name, PASSWORD);
    await expect(login.refusal).toContainText('Name or password is wrong.');

    grace.guard.expect('/fn/accept_invitation', 422);
    await grace.page.goto(path(address));
    const invite = new InvitePage(grace.page);
    await expect(grace.page.getByText(`invited to Slipway as “${name}”`)).toBeVisible();
    await isAccessible(grace.page);
    await invite.choose('password123');
    await expect(invite.problems.first()).toContainText('guessed soon');
    await invite.choose(PASSWORD, OTHER);
    await expect(invite.problems.first()).toContainText('differ');
    await invite.choose(PASSWORD);
    await expect(grace.page).toHaveURL(`${server.url}/`);
    await expect(new LauncherPage(grace.page).heading).toBeVisible();

    await test.step('an operator sees everybody’s sessions and no users', async () => {
      const top = new TopBar(grace.page);
      await expect(top.link('Sessions')).toBeVisible();
      for (const none of ['Workspaces', 'Registries', 'Users', 'Audit']) {
        await expect(top.link(none)).toHaveCount(0);
      }
    });

    await test.step('the link works no more', async () => {
      const late = await stranger();
      late.guard.expect('/invite', 404);
      await late.page.goto(path(address));
      await expect(new InvitePage(late.page).refusal).toContainText('does not work');
    });
  });

  test('one is given a password, another role, and another password by a link', async ({ server, stranger, visitor }) => {
    const admin = await visitor({ admin: true });
    const { page } = admin;
    const name = fresh('hedy');
    const form = await new NewUserForm(page).open();
    admin.guard.expect('/fn/create_user', 422);
    await form.name.fill(name);
    await form.password.fill(PASSWORD);
    await form.again.fill(OTHER);
    await form.create.click();
    await expect(form.problems.first()).toContainText('differ');
    await form.again.fill(PASSWORD);
    await form.create.click();
    await page.waitForURL(/done=made/);
    const account = await new UsersPage(page).account(name);
    await expect(account.badge).toHaveText('Enabled');

    const hedy = await visitor({ as: name });
    await new LauncherPage(hedy.page).open();
    await expect(new LauncherPage(hedy.page).tile('Terminal')).toBeVisible();
    await page.reload();
    await expect(account.signIns).toHaveCount(1);
    await isAccessible(page);

    await test.step('as an auditor she sees sessions and changes nothing', async () => {
      await account.role.selectOption('Auditor');
      await account.changeRole.click();
      await expect(account.notice).toHaveText('The role is changed.');
      await hedy.page.goto('/');
      await expect(hedy.page.getByRole('heading', { name: 'Nothing to launch' })).toBeVisible();
      await new SessionsPage(hedy.page).open();
      await expect(hedy.page.getByRole('heading', { name: 'Sessions', level: 1 })).toBeVisible();
      await expect(new SessionsPage(hedy.page).bulk).toHaveCount(0);
      await isAccessible(hedy.page);
    });

    await test.step('the present password stays good until the link is used', async () => {
      await account.newLink.click();
      const address = await account.link.address();
      const phone = await visitor({ as: name });
      await phone.page.goto('/account');
      hedy.guard.expect(/^\/(fn\/|events)/, 401);
      phone.guard.expect(/^\/(fn\/|events)/, 401);
      const reader = await stranger();
      // Whose sign-in is ended below.
      reader.guard.expect(/^\/(fn\/|events)/, 401);
      await reader.page.goto(path(address));
      await expect(reader.page.getByText('It replaces the one there is')).toBeVisible();
      await new InvitePage(reader.page).choose(OTHER);
      await expect(reader.page).toHaveURL(`${server.url}/`);
      await expect(new LoginPage(phone.page).heading).toBeVisible();
      await expect(new LoginPage(hedy.page).heading).toBeVisible();
      const login = await stranger();
      login.guard.expect('/fn/sign_in', 401);
      await login.page.goto('/login');
      await new LoginPage(login.page).signIn(name, PASSWORD);
      await expect(new LoginPage(login.page).refusal).toBeVisible();
    });

    await test.step('her sign-in is ended from here', async () => {
      await page.reload();
      await expect(account.signIns).toHaveCount(1);
      await account.signIns.getByRole('button', { name: /^Sign out/ }).click();
      await expect(account.signIns).toHaveCount(0);
    });
  });

  test('one is disabled while a desktop is open, which ends at once and is there again later', async ({ visitor }) => {
    const admin = await visitor({ admin: true });
    const ada = await visitor();
    const stream = await (await new LauncherPage(ada.page).open()).launch('Terminal');
    await stream.isRunning();
    const { id } = stream;
    const account = await new UsersPage(admin.page).account(ada.name);
    await expect(account.sessions).toContainText('Terminal');
    ada.guard.expect(/^\/(fn\/|events)/, 401);
    await account.switch.click();
    await expect(account.badge).toHaveText('Disabled');
    await expect(new LoginPage(ada.page).heading).toBeVisible();
    await expect(account.signIns).toHaveCount(0);
    await expect(account.sessions.locator('.badge')).toHaveText('Running');

    await account.switch.click();
    await expect(account.badge).toHaveText('Enabled');
    const back = await visitor({ as: ada.name });
    await (await new StreamPage(back.page).open(id)).isRunning();
  });

  test('one is deleted with what is his, after a question, and the log says who did it', async ({ visitor }) => {
    const admin = await visitor({ admin: true });
    const { page } = admin;
    const ada = await visitor();
    const stream = await (await new LauncherPage(ada.page).open()).launch('Terminal');
    await stream.isRunning();
    expect(await sessionsOf(ada)).toHaveLength(1);
    ada.guard.expect(/^\/(fn\/|events)/, 401);

    const account = await new UsersPage(page).account(ada.name);
    await account.remove.click();
    const question = page.getByRole('dialog');
    await expect(question).toContainText(`Delete the user “${ada.name}”?`);
    await expect(question).toContainText('Its session is deleted, with all files in it.');
    await isAccessible(page);
    await question.getByRole('link', { name: 'Cancel' }).click();
    await expect(question).toHaveCount(0);
    // The page may hear that the account is gone before it has left.
    admin.guard.expect('/fn/show_user', 404);
    await account.remove.click();
    await question.getByRole('button', { name: 'Delete user' }).click();
    await page.waitForURL(/done=deleted/);
    const list = new UsersPage(page);
    await expect(list.row(ada.name)).toHaveCount(0, { timeout: 30_000 });
    await expect(new LoginPage(ada.page).heading).toBeVisible();

    const audit = await new AuditPage(page).open();
    await audit.search.fill(ada.name);
    await audit.action.selectOption('Users');
    await audit.go.click();
    await expect(page).toHaveURL(/state=user/);
    await expect(audit.row('user.deleted', ada.name)).toContainText('Slipway');
    await expect(audit.rows.filter({ hasText: admin.name }).filter({ hasText: 'user.delete' })).toHaveCount(1);
    await isAccessible(page);
    const csv = await downloaded(admin, audit.csv);
    expect(csv).toContain('time,actor,action,target,detail,address,result');
    expect(csv).toContain(`"${admin.name}","user.delete","${ada.name}"`);
    expect(csv).not.toContain('"sign_in"');
    const lines = (await downloaded(admin, audit.json)).trim().split('\n').map(line => JSON.parse(line));
    expect(lines.map(line => line.action)).toContain('user.delete');

    await test.step('it is narrowed by how it ended', async () => {
      await audit.result.selectOption('Refused');
      await audit.go.click();
      await expect(page).toHaveURL(/result=refused/);
      await expect(audit.row('user.deleted', ada.name)).toHaveCount(0);
      await audit.result.selectOption('Done');
      await audit.go.click();
      await expect(audit.row('user.deleted', ada.name)).toBeVisible();
      await expect(audit.csv).toHaveAttribute('href', /result=done/);
    });

    await test.step('it is narrowed by who and by day', async () => {
      await audit.open(`?filter=${admin.name}`);
      await expect(audit.rows.first()).toContainText(admin.name);
      await expect(audit.who).toHaveValue(admin.name);
      await audit.to.fill('2020-01-01');
      await audit.go.click();
      await expect(page.getByRole('heading', { name: 'No line matches' })).toBeVisible();
      await expect(page).toHaveURL(/to=2020-01-01/);
    });
  });

  test('all of it works without JavaScript', async ({ server, stranger, visitor }) => {
    const admin = await visitor({ admin: true, javaScriptEnabled: false });
    const { page } = admin;
    const name = fresh('plain');
    const form = await new NewUserForm(page).open();
    await form.name.fill('no name');
    await form.role.selectOption('Auditor');
    await form.invite.click();
    await expect(form.problems.first()).toContainText('A user name has');
    await expect(form.name).toHaveValue('no name');
    await expect(form.role).toHaveValue('auditor');
    await form.name.fill(name);
    await form.role.selectOption('User');
    await form.invite.click();
    await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible();
    const address = await form.link.address();
    await page.reload();
    await expect(form.link.region).toHaveCount(0);

    const reader = await stranger({ javaScriptEnabled: false });
    await reader.page.goto(path(address));
    const invite = new InvitePage(reader.page);
    await invite.choose('short');
    await expect(invite.problems.first()).toBeVisible();
    await invite.choose(PASSWORD);
    await expect(reader.page).toHaveURL(`${server.url}/`);

    const account = await new UsersPage(page).account(name);
    await expect(account.badge).toHaveText('Enabled');
    await account.role.selectOption('Image maintainer');
    await account.changeRole.click();
    await expect(account.notice).toHaveText('The role is changed.');
    await account.switch.click();
    await expect(account.badge).toHaveText('Disabled');
    await reader.page.goto('/');
    await expect(new LoginPage(reader.page).heading).toBeVisible();
    await account.newLink.click();
    await account.link.address();
    await account.withdraw.click();
    await expect(account.notice).toHaveText('The link is worth nothing any more.');
    await account.remove.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete user' }).click();
    await expect(page).toHaveURL(/done=deleted/);
    await expect(new UsersPage(page).row(name)).toHaveCount(0);
    const audit = await new AuditPage(page).open();
    await audit.search.fill(name);
    await audit.result.selectOption('Done');
    await audit.go.click();
    await expect(page).toHaveURL(/result=done/);
    await expect(audit.row('user.deleted', name)).toBeVisible();
    expect(await downloaded(admin, audit.csv)).toContain('user.deleted');
  });

  test('a user is offered none of it', async ({ visitor }) => {
    const { page, guard } = await visitor();
    await page.goto('/');
    const top = new TopBar(page);
    await expect(top.link('Launcher')).toBeVisible();
    await expect(top.link('Users')).toHaveCount(0);
    await expect(top.link('Audit')).toHaveCount(0);
    guard.expect(/users|audit/, 403);
    for (const [address, words] of [
      ['/users', 'not permitted to see the users'],
      ['/users/new', 'not permitted to manage users'],
      ['/audit', 'not permitted to see the audit log'],
    ]) {
      await page.goto(address);
      await expect(page.getByRole('alert')).toContainText(words);
    }
  });
});
