import { isAccessible } from '../fixtures/axe.ts';
import { PASSWORD, type Visitor, expect, test } from '../fixtures/test.ts';
import { AccountPage } from '../pages/account.ts';
import { AuditPage } from '../pages/audit.ts';
import { GroupForm } from '../pages/groups.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { LoginPage } from '../pages/login.ts';
import { LoginCodePage, SecondFactorCard, SecondFactorPage } from '../pages/second-factor.ts';
import { InvitePage, UsersPage } from '../pages/users.ts';

const plain = { javaScriptEnabled: false };
/** A code that a device shows once in a million times. */
const WRONG = '000000';
const OTHER = 'paper-violin-harbour';

/** Sets a second factor up from the account page; gives the device and the recovery codes. */
async function equip({ page }: Visitor) {
  await new AccountPage(page).open();
  await new SecondFactorCard(page).setUp.click();
  const setUp = new SecondFactorPage(page);
  await expect(setUp.heading).toBeVisible();
  const device = await setUp.tell(PASSWORD);
  const codes = await setUp.confirm(device);
  await setUp.goOn.click();
  await expect(new AccountPage(page).heading).toBeVisible();
  return { device, codes };
}

/** Gives name and password on the way to a page. */
async function password({ page }: Visitor, name: string, way = '/account', secret = PASSWORD) {
  await page.goto(way);
  await new LoginPage(page).signIn(name, secret);
  await expect(new LoginCodePage(page).heading).toBeVisible();
  return new LoginCodePage(page);
}

test.describe('A second factor', () => {
  // Each code works once, so that a journey may have to wait for the next one.
  test.setTimeout(180_000);

  test('one sets it up, signs in with codes, makes new recovery codes, and turns it off', async ({ server, stranger, visitor }) => {
    const ada = await visitor();
    const { page, guard } = ada;
    const card = new SecondFactorCard(page);
    const setUp = new SecondFactorPage(page);
    await new AccountPage(page).open();
    await expect(card.region).toContainText('It is off');
    await isAccessible(page);
    await card.setUp.click();
    await expect(setUp.heading).toBeVisible();
    await isAccessible(page);

    guard.expect('/fn/begin_second_factor', 422);
    await setUp.password.fill('not-her-password');
    await setUp.begin.click();
    await expect(setUp.problem.first()).toContainText('not your present password');
    const device = await setUp.tell(PASSWORD);
    await expect(setUp.picture).toHaveJSProperty('complete', true);
    expect(await setUp.picture.evaluate((picture: HTMLImageElement) => picture.naturalWidth)).toBeGreaterThan(100);
    await expect(page.getByRole('link', { name: 'on this device' })).toHaveAttribute('href', /^otpauth:\/\/totp\/Slipway/);
    await isAccessible(page);
    guard.expect('/fn/confirm_second_factor', 422);
    await setUp.code.fill(WRONG);
    await setUp.turnOn.click();
    await expect(setUp.problem.first()).toContainText('not right');
    const codes = await setUp.confirm(device);
    await isAccessible(page);
    await setUp.goOn.click();
    await expect(page).toHaveURL(`${server.url}/account`);
    await expect(card.left).toHaveText('10');

    const phone = await stranger();
    await test.step('elsewhere the password leads to the code, and the code to the page asked for', async () => {
      const login = await password(phone, ada.name, '/account?from=mail');
      await expect(phone.page).toHaveURL(/\/login\/code\?next=/);
      await expect(login.code).toBeFocused();
      await isAccessible(phone.page);
      phone.guard.expect('/fn/confirm_sign_in', 422);
      await login.give(WRONG);
      await expect(login.problem).toContainText('not right');
      await login.give(await device.code());
      await expect(phone.page).toHaveURL(`${server.url}/account?from=mail`);
      await expect(new AccountPage(phone.page).heading).toBeVisible();
    });

    await test.step('with the password alone nothing is reached', async () => {
      const thief = await stranger();
      await password(thief, ada.name, '/');
      await thief.page.goto('/account');
      await expect(new LoginPage(thief.page).heading).toBeVisible();
      const { status } = await thief.call('list_sign_ins', {});
      expect(status).toBe(401);
    });

    await test.step('a recovery code lets in once', async () => {
      const lost = await stranger();
      await (await password(lost, ada.name)).give(codes[0].toUpperCase());
      await expect(new SecondFactorCard(lost.page).left).toHaveText('9');
      const again = await stranger();
      again.guard.expect('/fn/confirm_sign_in', 422);
      const login = await password(again, ada.name);
      await login.give(codes[0]);
      await expect(login.problem).toContainText('used already');
      lost.guard.expect(/^\/(fn\/|events)/, 401);
    });

    await test.step('new recovery codes take the place of the old', async () => {
      await page.reload();
      await expect(card.left).toHaveText('9');
      await card.password.fill(PASSWORD);
      await card.renew.click();
      const renewed = await card.recovery.all();
      expect(renewed).not.toContain(codes[1]);
      await expect(card.left).toHaveText('10');
      await isAccessible(page);
    });

    await test.step('turning it off ends the other sign-ins', async () => {
      phone.guard.expect(/^\/(fn\/|events)/, 401);
      guard.expect('/fn/turn_off_second_factor', 422);
      await card.password.fill('not-her-password');
      await card.turnOff.click();
      await expect(card.region).toContainText('not your present password');
      await card.password.fill(PASSWORD);
      await card.turnOff.click();
      await expect(new AccountPage(page).notice.first()).toContainText('The second factor is off');
      await expect(card.region).toContainText('It is off');
      await expect(new LoginPage(phone.page).heading).toBeVisible();
      const later = await stranger();
      await later.page.goto('/');
      await new LoginPage(later.page).signIn(ada.name, PASSWORD);
      await expect(later.page).toHaveURL(`${server.url}/`);
    });
  });

  test('all of it works without JavaScript', async ({ server, stranger, visitor }) => {
    const ada = await visitor(plain);
    const { page } = ada;
    const setUp = await new SecondFactorPage(page).open('?next=%2Faccount');
    await setUp.password.fill('not-her-password');
    await setUp.begin.click();
    await expect(setUp.problem.first()).toContainText('not your present password');
    const device = await setUp.tell(PASSWORD);
    await setUp.code.fill(WRONG);
    await setUp.turnOn.click();
    await expect(setUp.problem.first()).toContainText('not right');
    await expect(setUp.picture).toBeVisible();
    const codes = await setUp.confirm(device);
    await page.reload();
    await expect(setUp.recovery.region).toHaveCount(0);
    const card = new SecondFactorCard(page);
    await new AccountPage(page).open();
    await expect(card.left).toHaveText('10');

    const phone = await stranger(plain);
    const login = await password(phone, ada.name, '/account?from=mail');
    await login.give(WRONG);
    await expect(login.problem).toContainText('not right');
    await login.give(await device.code());
    await expect(phone.page).toHaveURL(`${server.url}/account?from=mail`);

    const lost = await stranger(plain);
    await (await password(lost, ada.name, '/')).give(codes[3]);
    await expect(lost.page).toHaveURL(`${server.url}/`);

    await card.password.fill(PASSWORD);
    await card.renew.click();
    expect(await card.recovery.all()).not.toContain(codes[4]);
    await setUp.goOn.click();
    await expect(card.left).toHaveText('10');
    await card.password.fill(PASSWORD);
    await card.turnOff.click();
    await expect(new AccountPage(page).notice.first()).toContainText('The second factor is off');
    await phone.page.goto('/');
    await expect(new LoginPage(phone.page).heading).toBeVisible();
  });

  test('a group requires it: its members set it up before anything else, at once', async ({ server, stranger, visitor }) => {
    const admin = await visitor({ admin: true });
    const ada = await visitor();
    const launcher = await new LauncherPage(ada.page).open();
    await expect(launcher.tile('Terminal')).toBeVisible();
    const group = `Careful ${Date.now()}`;
    ada.guard.expect(/^\/(fn\/|events)/, 403);
    const form = await new GroupForm(admin.page).openNew();
    await form.fill({ name: group, priority: '20', members: ada.name, second_factor: 'required' });
    await isAccessible(admin.page);
    await form.save.click();
    await admin.page.waitForURL(/done=saved/);

    const setUp = new SecondFactorPage(ada.page);
    await test.step('the page that is open leads there by itself, and no other leads past it', async () => {
      await expect(setUp.heading).toBeVisible();
      await expect(ada.page.getByText(`The group “${group}” requires a second factor`)).toBeVisible();
      await expect(setUp.cancel).toHaveCount(0);
      await expect(setUp.signOut).toBeVisible();
      await isAccessible(ada.page);
      await ada.page.goto('/account');
      await expect(setUp.heading).toBeVisible();
      const { status } = await ada.call('show_launcher', { search: '', category: '' });
      expect(status).toBe(403);
    });

    await test.step('who signs in is led there too', async () => {
      const phone = await stranger();
      await phone.page.goto('/account');
      await new LoginPage(phone.page).signIn(ada.name, PASSWORD);
      await expect(new SecondFactorPage(phone.page).heading).toBeVisible();
      await expect(phone.page).toHaveURL(/\/second-factor\?next=/);
      await new SecondFactorPage(phone.page).signOut.click();
      await expect(new LoginPage(phone.page).heading).toBeVisible();
    });

    await test.step('set up, everything is open again', async () => {
      await ada.page.goto('/');
      await setUp.confirm(await setUp.tell(PASSWORD));
      await setUp.goOn.click();
      await expect(ada.page).toHaveURL(`${server.url}/`);
      await expect(launcher.tile('Terminal')).toBeVisible();
      const card = new SecondFactorCard(ada.page);
      await new AccountPage(ada.page).open();
      await expect(card.region).toContainText(`the group “${group}”`);
      await expect(card.turnOff).toHaveCount(0);
      const holds = ada.page.getByRole('region', { name: 'What holds for you' });
      await expect(holds.getByRole('row', { name: /Second factor/ })).toContainText(`from the group “${group}”`);
    });
  });

  test('an administrator resets it for somebody who has lost the device, and so does the command line', async ({ server, stranger, visitor }) => {
    const admin = await visitor({ admin: true });
    const ada = await visitor();
    await equip(ada);
    const users = await new UsersPage(admin.page).open(`?q=${ada.name}`);
    await expect(users.row(ada.name).locator('td[data-label="Second factor"]')).toHaveText('On');
    const account = await users.account(ada.name);
    const id = await account.id();
    ada.guard.expect(/^\/(fn\/|events)/, 401);
    await account.resetSecondFactor.click();
    const question = admin.page.getByRole('dialog');
    await expect(question).toContainText(`Reset the second factor of “${ada.name}”?`);
    await expect(question).toContainText('the password alone signs in');
    await isAccessible(admin.page);
    await question.getByRole('link', { name: 'Cancel' }).click();
    await expect(question).toHaveCount(0);
    await account.resetSecondFactor.click();
    await question.getByRole('button', { name: 'Reset it' }).click();
    await expect(account.notice).toContainText('The second factor is reset');
    await expect(account.resetSecondFactor).toHaveCount(0);
    await expect(new LoginPage(ada.page).heading).toBeVisible();
    await new LoginPage(ada.page).signIn(ada.name, PASSWORD);
    await expect(new AccountPage(ada.page).heading).toBeVisible();
    const audit = await new AuditPage(admin.page).open();
    await audit.search.fill(ada.name);
    await audit.go.click();
    await expect(audit.row('user.second_factor_reset', ada.name)).toContainText(admin.name);

    await test.step('a link for a new password does not do that', async () => {
      const { device } = await equip(ada);
      const { body } = await admin.call('link_user', { id });
      const reader = await stranger();
      const address = new URL(body.address);
      await reader.page.goto(address.pathname + address.search);
      await new InvitePage(reader.page).choose(OTHER);
      const login = new LoginCodePage(reader.page);
      await expect(login.heading).toBeVisible();
      await login.give(await device.code());
      await expect(reader.page).toHaveURL(`${server.url}/`);
      reader.guard.expect(/^\/(fn\/|events)/, 401);
    });

    await test.step('whoever has the machine resets it there', async () => {
      expect(await server.cli('user', 'reset-second-factor', ada.name)).toContain('is reset');
      const late = await stranger();
      await late.page.goto('/');
      await new LoginPage(late.page).signIn(ada.name, OTHER);
      await expect(late.page).toHaveURL(`${server.url}/`);
    });
  });
});
