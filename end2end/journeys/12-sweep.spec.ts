import type { Page } from '@playwright/test';
import { violations } from '../fixtures/axe.ts';
import { docker } from '../fixtures/docker.ts';
import { type Visitor, expect, test } from '../fixtures/test.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { SetupPage } from '../pages/setup.ts';
import { TopBar } from '../pages/top.ts';
import { WorkspaceForm } from '../pages/workspace-form.ts';

const THEMES = ['light', 'dark', 'contrast'];
const SIZES = [{ width: 1280, height: 800 }, { width: 390, height: 844 }];

/** Every page of somebody signed in, by the words a report names it with. */
const pages = (session: string, workspace: string, job: string, registry: string, user: string, tried: string, trial: string): Record<string, string> => ({
  launcher: '/',
  'launcher without a match': '/?q=nothing-is-called-this',
  account: '/account',
  'second factor': '/second-factor',
  sessions: '/sessions',
  'sessions without a match': '/sessions?q=nothing-is-called-this',
  session: `/sessions/${session}`,
  'log of a session': `/sessions/${session}/log`,
  'log of a session without a match': `/sessions/${session}/log?q=nothing-is-called-this&times=on&nowrap=on`,
  'processes of a session': `/sessions/${session}/processes`,
  'changed files of a session': `/sessions/${session}/files`,
  'question before a deletion': `/sessions/${session}?confirm=delete:${session}`,
  stream: `/sessions/${session}/view`,
  'create image, first page': `/sessions/${session}/image`,
  'create image, registry': `/sessions/${session}/image?step=registry`,
  'create image, changes': `/sessions/${session}/image?step=changes`,
  'create image, workspace': `/sessions/${session}/image?step=workspace`,
  'create image, review': `/sessions/${session}/image?step=review`,
  jobs: '/jobs',
  job: `/jobs/${job}`,
  workspaces: '/workspaces',
  workspace: `/workspaces/${workspace}`,
  'image of a workspace': `/workspaces/${workspace}/image`,
  'trial of a workspace that has none': `/workspaces/${workspace}/trial`,
  'trial of a workspace': `/workspaces/${tried}/trial`,
  'question before a trial is promoted': `/workspaces/${tried}/trial?confirm=promote:trial`,
  'question before a trial is ended': `/workspaces/${tried}/trial?confirm=end:trial`,
  'trial, for its testers': `/trials/${trial}`,
  'trial in place of a form': `/workspaces/${trial}`,
  'launch that asks': `/launch/${tried}`,
  'new workspace': '/workspaces/new',
  'new link': '/workspaces/new?link=on',
  'import and export of workspaces': '/workspaces/import',
  catalog: '/workspaces/catalog',
  settings: '/settings',
  images: '/images',
  'images without a match': '/images?q=nothing-is-called-this',
  'question before an image is removed': '/images?confirm=remove:slipway%2Fterminal%3Alatest',
  image: '/images/show?image=slipway%2Fterminal%3Alatest',
  'disk and pruning': '/images/disk?mode=unused&days=1',
  registries: '/registries',
  'question before a registry is deleted': `/registries?confirm=delete:${registry}`,
  registry: `/registries/${registry}`,
  'new registry': '/registries/new',
  'import of registries': '/registries/import',
  groups: '/groups',
  'groups without a match': '/groups?q=nothing-is-called-this',
  'group that is built in': '/groups/everybody',
  'new group': '/groups/new',
  users: '/users',
  'users without a match': '/users?q=nothing-is-called-this',
  user: `/users/${user}`,
  'question before a user is deleted': `/users/${user}?confirm=delete:${user}`,
  'question before a second factor is reset': `/users/${user}?confirm=reset:${user}`,
  'new user': '/users/new',
  'audit log': '/audit',
  'audit log without a match': '/audit?q=nothing-is-called-this&from=2020-01-01',
  'nothing here': '/nothing-is-here',
});

/** The page is live: its script has run, and its layout is settled. */
async function settled(page: Page, address: string) {
  await page.goto(address);
  await page.waitForFunction(() => document.fonts.status === 'loaded');
  await expect(page.locator('main').first()).toBeVisible();
  await expect(page.locator('.loading')).toHaveCount(0);
}

/** A workspace that asks something at launch, keeps homes, and has a trial that a tester has spoken of. */
async function onTrial(person: Visitor, name: string) {
  await person.call('save_workspace', {
    'form[name]': name,
    'form[image]': 'slipway/terminal:latest',
    'form[port]': '7681',
    'form[profile]': 'on',
    'form[launch_form]': 'Project\n  to: PROJECT\n  help: As the forge calls it.\n\nToken\n  kind: secret\n  to: TOKEN',
    'form[groups][0]': 'administrators',
    'form[enabled]': 'on',
  });
  const tiles = async () => (await person.call('show_launcher', { search: name, category: '' })).body.tiles;
  const tried = (await tiles())[0].workspace;
  await person.call('begin_trial', {
    id: tried,
    'form[image]': 'slipway/desktop:latest',
    'form[groups][0]': 'administrators',
    'form[notes]': 'Does everything start?',
  });
  const trial = (await tiles()).find((tile: any) => tile.trial).workspace;
  await person.call('give_verdict', { id: trial, 'form[works]': 'no', 'form[words]': 'The window stays black.' });
  return { tried, trial };
}

/** Somebody with a paused session, which every page has something to say about. */
async function resident(visitor: (o: object) => Promise<Visitor>, options: object) {
  const person = await visitor({ admin: true, ...options });
  person.guard.expect('/nothing-is-here', 404);
  const stream = await (await new LauncherPage(person.page).open()).launch('Terminal');
  await stream.isRunning();
  const { id } = stream;
  await person.call('act_on_session', { id, action: 'pause' });
  await expect(stream.badge).toHaveText('Paused');
  await person.page.goto('/workspaces?q=Terminal');
  const href = await person.page.locator('.row-name', { hasText: /^Terminal$/ }).getAttribute('href');
  // An image that cannot be pushed is quickly made, and its job has something to tell.
  const image = `localhost:1/slipway-sweep/${id}:1`;
  const kept = { id, step: 'image', 'form[image]': image, 'form[pause]': 'on' };
  await person.call('keep_snapshot', kept);
  await person.call('submit_snapshot', { id, image });
  const jobs = async () => (await person.call('recent_jobs', {})).body;
  await expect.poll(async () => (await jobs()).find((job: any) => job.links.image === image)?.state, { timeout: 60_000 }).toBe('done');
  const job = (await jobs()).find((job: any) => job.links.image === image);
  await person.call('delete_workspace', { id: job.links.workspace });
  await docker('image', 'rm', image);
  await person.call('save_registry', { 'form[name]': `Sweep ${id}`, 'form[url]': 'https://registry.example.org' });
  const registries = (await person.call('list_registries', {})).body;
  const registry = registries.find((one: any) => one.name === `Sweep ${id}`).id;
  const { body: invited } = await person.call('invite_user', { name: `sweep-${id}`, role: 'auditor' });
  const { tried, trial } = await onTrial(person, `Sweep ${id}`);
  return { ...person, all: pages(id, href!.split('/').at(-1)!, job.id, registry, invited.id, tried, trial) };
}

/** Looks at a page in every theme. */
async function inEveryTheme(page: Page, name: string) {
  for (const theme of THEMES) {
    await page.locator('html').evaluate((root, theme) => root.setAttribute('data-theme', theme), theme);
    expect.soft(await violations(page), `${name}, ${theme}`).toEqual([]);
  }
}

for (const viewport of SIZES) {
  test(`Every page is accessible in every theme, ${viewport.width} px wide`, async ({ visitor }) => {
    test.setTimeout(240_000);
    const { page, all } = await resident(visitor, { viewport });
    for (const [name, address] of Object.entries(all)) {
      await test.step(name, async () => {
        await settled(page, address);
        await inEveryTheme(page, name);
      });
    }
  });

  test(`The pages before the sign-in are accessible in every theme, ${viewport.width} px wide`, async ({ stranger, startServer }) => {
    const fresh = await startServer({}, { setup: true });
    const reader = await stranger({ viewport });
    await settled(reader.page, '/login');
    await inEveryTheme(reader.page, 'login');
    await settled(reader.page, '/login/code');
    await inEveryTheme(reader.page, 'code at the sign-in');
    reader.guard.expect('/invite', 404);
    await settled(reader.page, '/invite');
    await inEveryTheme(reader.page, 'invitation without its link');
    const founder = await stranger({ viewport, at: fresh });
    founder.guard.expect('/setup', 403);
    await settled(founder.page, '/setup');
    await inEveryTheme(founder.page, 'set-up without the link');
    await settled(founder.page, fresh.setupLink);
    await inEveryTheme(founder.page, 'set-up');
  });
}

test('Forms with problems are accessible', async ({ visitor }) => {
  const { page } = await visitor({ admin: true });
  const form = await new WorkspaceForm(page).openNew();
  await form.fill({ port: '0', memory: 'much', cpus: '' });
  await form.save.click();
  await expect(form.problem('port')).toBeVisible();
  expect(await violations(page)).toEqual([]);
});

test('No page scrolls sideways at 320 px', async ({ visitor, stranger, startServer }) => {
  test.setTimeout(180_000);
  const size = { viewport: { width: 320, height: 640 } };
  const { page, all } = await resident(visitor, size);
  const wider = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
  for (const [name, address] of Object.entries(all)) {
    await settled(page, address);
    expect.soft(await page.evaluate(wider), `${name} is wider than its window`).toBe(0);
  }
  const reader = await stranger(size);
  await settled(reader.page, '/login');
  expect.soft(await reader.page.evaluate(wider), 'login').toBe(0);
  const fresh = await startServer({}, { setup: true });
  const founder = await stranger({ ...size, at: fresh });
  await settled(founder.page, fresh.setupLink);
  await expect(new SetupPage(founder.page).finish).toBeVisible();
  expect.soft(await founder.page.evaluate(wider), 'setup').toBe(0);
});

test.describe('By keyboard alone', () => {
  test('the skip link leads past the navigation', async ({ visitor }) => {
    const { page } = await visitor({});
    await new LauncherPage(page).open();
    await page.keyboard.press('Tab');
    const top = new TopBar(page);
    await expect(top.skipLink).toBeFocused();
    await expect(top.skipLink).toBeInViewport();
    await page.keyboard.press('Enter');
    await expect(page.locator('#main')).toBeFocused();
  });

  test('a tile is reached by Tab, launched by Enter, and the session deleted', async ({ visitor }) => {
    const { page } = await visitor({});
    const launcher = await new LauncherPage(page).open();
    await launcher.search.focus();
    const face = launcher.face('Terminal');
    await expect(async () => {
      await page.keyboard.press('Tab');
      await expect(face).toBeFocused({ timeout: 1 });
    }).toPass({ intervals: [0], timeout: 10_000 });
    const outline = await face.evaluate(e => getComputedStyle(e).outlineStyle + getComputedStyle(e).boxShadow);
    expect(outline, 'the focus can be seen').not.toBe('nonenone');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/view$/);
    await expect(page.locator('iframe.stage-frame')).toBeVisible({ timeout: 30_000 });

    await launcher.open();
    const more = launcher.session('Terminal').locator('summary');
    await more.focus();
    await page.keyboard.press('Enter');
    await expect(launcher.session('Terminal').locator('.menu')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(launcher.session('Terminal').locator('.menu')).toBeHidden();
    await page.keyboard.press('Enter');
    await launcher.session('Terminal').getByRole('button', { name: 'Delete …' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByRole('link', { name: 'Cancel' })).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    await expect(launcher.badge('Terminal')).toHaveText('Running');
  });

  test('the account menu opens, closes and signs out', async ({ visitor }) => {
    const { page, guard } = await visitor({});
    // The page may hear of the end before it has left.
    guard.expect(/^\/(fn\/|events)/, 401);
    await new LauncherPage(page).open();
    const top = new TopBar(page);
    await top.menuButton.focus();
    await page.keyboard.press('Enter');
    await expect(top.menu).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(top.menu).toBeHidden();
    await expect(top.menuButton).toBeFocused();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/login$/);
  });
});

test('A mistyped address says so, with the way back', async ({ visitor }) => {
  const { page, guard } = await visitor({});
  guard.expect('/no/such/page', 404);
  const answer = await page.goto('/no/such/page');
  expect(answer!.status()).toBe(404);
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
  await expect(page).toHaveTitle(/Slipway$/);
  await page.getByRole('link', { name: 'Go to the launcher' }).click();
  await expect(new LauncherPage(page).heading).toBeVisible();
});
