import { PASSWORD, Server, expect, test } from '../fixtures/test.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { LoginPage } from '../pages/login.ts';
import { SetupPage } from '../pages/setup.ts';
import { TopBar } from '../pages/top.ts';

test.describe('First run', () => {
  let server: Server;
  test.beforeAll(async () => {
    server = await Server.start({}, { setup: true });
  });
  test.afterAll(() => server?.remove());

  test('without the printed link, a page explains where it is', async ({ stranger }) => {
    const { page, guard } = await stranger({ at: server });
    guard.expect('/setup', 403);
    await page.goto('/');
    await expect(page).toHaveURL(/\/setup$/);
    const setup = new SetupPage(page);
    await expect(setup.heading).toBeVisible();
    await expect(setup.refusal).toContainText('This setup link is not valid');
    await expect(page.getByText('printed when the server starts')).toBeVisible();
    await expect(page.getByText('slipway setup-token').first()).toBeVisible();
    await expect(setup.finish).toHaveCount(0);
  });

  test('a wrong token is refused in the same words', async ({ stranger }) => {
    const { page, guard } = await stranger({ at: server });
    guard.expect('/setup', 403);
    await page.goto('/setup?token=guessed');
    await expect(new SetupPage(page).refusal).toContainText('This setup link is not valid');
  });

  test('the printed link leads through the engine, the account and the first workspaces', async ({ stranger }) => {
    const { page, guard } = await stranger({ at: server });
    const link = server.setupLink;
    await page.goto(link);
    const setup = new SetupPage(page);

    await test.step('the engine is looked at', async () => {
      await expect(page.getByText('The container engine answers.')).toBeVisible();
      await expect(page.getByRole('heading', { name: 'The engine' }).locator('..')).toContainText('Version');
    });

    await test.step('mistakes are told at their fields and nothing typed is lost', async () => {
      guard.expect('/fn/finish_setup', 422);
      await setup.fill('ada', 'password12', 'password13');
      await setup.starter('Notebook').uncheck();
      await setup.finish.click();
      await expect(setup.summary).toBeFocused();
      await expect(setup.problem('password')).toContainText('guess');
      await expect(setup.problem('again')).toBeVisible();
      await expect(setup.password).toHaveAttribute('aria-invalid', 'true');
      await expect(setup.name).toHaveValue('ada');
      await expect(setup.starter('Notebook')).not.toBeChecked();

      await setup.fill('ada', 'short');
      await setup.finish.click();
      await expect(setup.problem('password')).toContainText('at least 10 characters');
      await expect(setup.problem('again')).toHaveCount(0);
    });

    await test.step('then it is done, and the administrator is in', async () => {
      await setup.fill('ada', PASSWORD);
      await setup.finish.click();
      const launcher = new LauncherPage(page);
      await expect(launcher.heading).toBeVisible();
      await expect(page).toHaveURL(`${server.url}/`);
      await expect(launcher.tile('Desktop')).toContainText('Ready');
      await expect(launcher.tile('Notebook')).toHaveCount(0);
      const top = new TopBar(page);
      await expect(top.menuButton).toContainText('ada');
      await expect(top.link('Sessions')).toBeVisible();
      await expect(top.link('Workspaces')).toBeVisible();
    });

    await test.step('used again, the link is refused', async () => {
      guard.expect('/setup', 409);
      await page.goto(link);
      await expect(setup.refusal).toContainText('Setup is over');
      await expect(setup.finish).toHaveCount(0);
    });
  });

  test('from then on a stranger is asked to sign in', async ({ stranger }) => {
    const { page } = await stranger({ at: server });
    await page.goto('/');
    await expect(new LoginPage(page).heading).toBeVisible();
    await expect(server.cli('setup-token')).rejects.toThrow(/administrator already/);
  });
});
