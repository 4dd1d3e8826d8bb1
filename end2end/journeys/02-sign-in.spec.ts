import { PASSWORD, expect, test } from '../fixtures/test.ts';
import { AccountPage } from '../pages/account.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { LoginPage } from '../pages/login.ts';
import { TopBar } from '../pages/top.ts';

test.describe('Signing in and out', () => {
  test('a protected page asks to sign in and is shown afterwards', async ({ server, stranger }) => {
    const { page, guard } = await stranger();
    await server.addUser('grace');
    await page.goto('/account?from=mail');
    const login = new LoginPage(page);
    await expect(login.heading).toBeVisible();
    await expect(page).toHaveURL(/\/login\?next=/);
    await expect(login.name).toBeFocused();

    await test.step('a wrong password and an unknown name are answered alike', async () => {
      guard.expect('/fn/sign_in', 401);
      await login.signIn('grace', 'not-her-password');
      await expect(login.refusal).toContainText('Name or password is wrong.');
      await expect(login.name).toHaveValue('grace');
      const said = await login.refusal.innerText();
      await login.signIn('nobody-of-that-name', 'not-her-password');
      await expect(login.submit).toBeEnabled();
      await expect(login.refusal).toHaveText(said, { useInnerText: true });
    });

    await test.step('the right one leads on to the page that was asked for', async () => {
      await login.signIn('grace', PASSWORD);
      await expect(page).toHaveURL(`${server.url}/account?from=mail`);
      await expect(new AccountPage(page).heading).toBeVisible();
    });
  });

  test('signing out ends it for every page', async ({ server, visitor }) => {
    const { page, context, guard } = await visitor();
    // The page may hear of the end before it has left.
    guard.expect(/^\/(fn\/|events)/, 401);
    await new LauncherPage(page).open();
    await new TopBar(page).signOut();
    await expect(page).toHaveURL(`${server.url}/login`);
    await page.goto('/account');
    await expect(new LoginPage(page).heading).toBeVisible();
    const answer = await context.request.post(`${server.url}/fn/list_sign_ins`, {
      headers: { accept: 'application/json' },
    });
    expect(answer.status()).toBe(401);
  });

  test('the password field can show what is typed', async ({ stranger }) => {
    const { page } = await stranger();
    await page.goto('/login');
    const login = new LoginPage(page);
    await login.password.fill('visible');
    await page.getByLabel('Show password').check();
    await expect(login.password).toHaveAttribute('type', 'text');
  });
});

test.describe('The account page', () => {
  test('changes the password, after saying what is wrong with it', async ({ server, stranger, visitor }) => {
    const { page, name, guard } = await visitor();
    const account = await new AccountPage(page).open();
    await expect(page.getByText(name).first()).toBeVisible();

    guard.expect('/fn/change_password', 422);
    await account.changePassword('not-the-present-one', 'paper-violin-harbour');
    await expect(account.problem('current')).toContainText('not your present password');
    await account.changePassword(PASSWORD, 'paper-violin-harbour', 'paper-violin-harbor');
    await expect(account.problem('again')).toContainText('differ');
    await account.changePassword(PASSWORD, 'paper-violin-harbour');
    await expect(account.notice).toContainText('Your password is changed');

    const later = await stranger();
    const login = new LoginPage(later.page);
    later.guard.expect('/fn/sign_in', 401);
    await later.page.goto('/login');
    await login.signIn(name, PASSWORD);
    await expect(login.refusal).toContainText('Name or password is wrong.');
    await login.signIn(name, 'paper-violin-harbour');
    await expect(later.page).toHaveURL(`${server.url}/`);
  });

  test('lists the sign-ins, and revoking one sends that browser to the sign-in page', async ({ server, visitor }) => {
    const laptop = await visitor();
    const library = await visitor({
      as: laptop.name,
      userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    });
    library.guard.expect(/^\/(fn\/|events)/, 401);
    await new LauncherPage(library.page).open();
    await expect(new LauncherPage(library.page).tile('Desktop')).toBeVisible();

    const account = await new AccountPage(laptop.page).open();
    await expect(account.signIns).toHaveCount(2);
    await expect(account.signIns.first()).toContainText('This browser');
    const other = account.signIns.filter({ hasText: 'Chrome on Windows' });
    await expect(other).toContainText('127.0.0.1');
    await other.getByRole('button', { name: /Sign out/ }).click();
    await expect(account.notice).toContainText('The sign-in is ended.');
    await expect(account.signIns).toHaveCount(1);

    await test.step('the page in the other browser leaves by itself', async () => {
      await expect(library.page).toHaveURL(new RegExp(`^${server.url}/login`), { timeout: 5_000 });
      await expect(new LoginPage(library.page).heading).toBeVisible();
    });
  });

  test('ends all other sign-ins at once', async ({ visitor }) => {
    const one = await visitor();
    const two = await visitor({ as: one.name });
    await visitor({ as: one.name });
    two.guard.expect(/^\/(fn\/|events)/, 401);
    await new AccountPage(two.page).open();
    const account = await new AccountPage(one.page).open();
    await expect(account.signIns).toHaveCount(3);
    await account.everywhereElse.click();
    await expect(account.signIns).toHaveCount(1);
    await expect(account.everywhereElse).toHaveCount(0);
    await expect(two.page).toHaveURL(/\/login\?next=%2Faccount/, { timeout: 5_000 });
  });

  for (const [label, theme] of [['Dark', 'dark'], ['High contrast', 'contrast'], ['Light', 'light'], ['Follow the system', 'system']]) {
    test(`keeps the theme “${label}” over a reload`, async ({ visitor }) => {
      const { page } = await visitor({ theme: theme === 'dark' ? 'light' : 'dark' });
      const account = await new AccountPage(page).open();
      const root = page.locator('html');
      const stored = page.waitForResponse(/\/fn\/set_theme/);
      await account.theme(label).check();
      await expect(root).toHaveAttribute('data-theme', theme);
      await stored;
      const served = await page.reload();
      expect(await served!.text()).toContain(`data-theme="${theme}"`);
      await expect(root).toHaveAttribute('data-theme', theme);
      await expect(account.theme(label)).toBeChecked();
      await page.goto('/');
      await expect(root).toHaveAttribute('data-theme', theme);
    });
  }
});
