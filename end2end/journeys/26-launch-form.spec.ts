import { isAccessible } from '../fixtures/axe.ts';
import { inside } from '../fixtures/docker.ts';
import { type Visitor, expect, test } from '../fixtures/test.ts';
import { LaunchFormPage } from '../pages/launch-form.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { SessionDetailPage } from '../pages/session-detail.ts';
import { StreamPage } from '../pages/stream.ts';
import { Terminal } from '../pages/terminal.ts';
import { WorkspaceForm } from '../pages/workspace-form.ts';

const SHELL = { image: 'slipway/terminal:latest', port: '7681', cpus: '1', memory: '256 MiB', shm: '64 MiB' };
const SECRET = 'open-sesame';
const KEY = '/home/user/.config/key';
const ASKED = `Project name
  to: PROJECT
  required
  help: What it is about.

Size
  to: SIZE
  options: small, large
  default: small

Key
  to: ${KEY}
  kind: secret
  required`;

/** A workspace of everybody that asks something, and greets whoever starts it. */
async function asking({ page }: Visitor, name: string) {
  const form = await new WorkspaceForm(page).openNew();
  const fields = { name, ...SHELL, launch_form: ASKED, at_start: 'echo "$PROJECT is $SIZE" | tee /tmp/started' };
  await test.step('a line that is not understood is named', async () => {
    await form.fill({ ...fields, launch_form: ASKED.replace('options:', 'choices:') });
    await form.group('All users').check();
    await form.save.click();
    await expect(form.problem('launch_form')).toContainText('Line 8');
    await isAccessible(page);
  });
  await form.fill(fields);
  await form.save.click();
  await expect(form.heading).toHaveText(`Edit ${name}`);
  await form.holds({ at_start: fields.at_start });
  return form;
}

/** The answers are inside, and only their owner's. */
async function isGiven(id: string, project: string, size: string) {
  expect(await inside(id, 'printenv PROJECT SIZE')).toBe(`${project}\n${size}`);
  expect(await inside(id, `cat ${KEY}`)).toBe(SECRET);
  expect(await inside(id, `stat -c '%a %U' ${KEY}`)).toBe('600 user');
  expect(await inside(id, 'cat /tmp/started')).toBe(`${project} is ${size}`);
}

test.describe('A workspace that asks', () => {
  test('is answered once, and has the answers inside', async ({ visitor }) => {
    test.setTimeout(180_000);
    const admin = await visitor({ admin: true });
    const ada = await visitor();
    const name = `Asking ${Date.now()}`;
    await asking(admin, name);

    const launcher = await new LauncherPage(ada.page).open();
    await launcher.face(name).click();
    const form = new LaunchFormPage(ada.page);
    await expect(form.heading).toHaveText(`Launch ${name}`);
    await expect(form.field('Size')).toHaveValue('small');
    await isAccessible(ada.page);

    await test.step('what is missing is told at its field, and nothing typed is lost', async () => {
      await form.field('Project name').fill('   ');
      await form.field('Size').selectOption('large');
      await form.field('Key').fill(SECRET);
      ada.guard.expect('/fn/launch', 422);
      await form.launch.click();
      await expect(form.problem('PROJECT')).toContainText('“Project name” is needed.');
      await expect(form.summary.getByRole('link')).toHaveCount(1);
      await expect(form.field('Size')).toHaveValue('large');
      await expect(form.field('Key')).toHaveValue(SECRET);
      await isAccessible(ada.page);
    });

    await form.field('Project name').fill('demo');
    await form.launch.click();
    await ada.page.waitForURL(/\/sessions\/[^/]+\/view/);
    const stream = new StreamPage(ada.page);
    await stream.isConnected();
    const { id } = stream;

    await test.step('the terminal has them', async () => {
      const terminal = new Terminal(stream.frame);
      await terminal.run('echo "it-$PROJECT-$SIZE" && cat ~/.config/key && echo');
      await expect(terminal.screen).toContainText('it-demo-large');
      await expect(terminal.screen).toContainText(SECRET);
      await isGiven(id, 'demo', 'large');
    });

    await test.step('the session says what was answered and run, and no secret', async () => {
      const detail = await new SessionDetailPage(ada.page).open(id);
      await expect(detail.fact('Project name')).toContainText('demo');
      await expect(detail.fact('Key')).toContainText('given, and not shown');
      const ran = detail.timeline.filter({ hasText: 'The start command ran in' });
      await expect(ran).toContainText('demo is large');
      await expect(ada.page.locator('body')).not.toContainText(SECRET);
      await isAccessible(ada.page);
    });

    await test.step('the next launch begins with the last answers', async () => {
      await ada.call('act_on_session', { id, action: 'delete', next: '/' });
      await launcher.open();
      await expect(launcher.own).toHaveCount(0, { timeout: 30_000 });
      await launcher.face(name).click();
      await expect(form.field('Project name')).toHaveValue('demo');
      await expect(form.field('Size')).toHaveValue('large');
      await expect(form.field('Key')).toHaveValue('');
    });
  });

  test('is answered without JavaScript too', async ({ visitor }) => {
    test.setTimeout(120_000);
    const admin = await visitor({ admin: true });
    const name = `Asking plainly ${Date.now()}`;
    await asking(admin, name);

    const plain = await visitor({ javaScriptEnabled: false });
    const launcher = await new LauncherPage(plain.page).open();
    await launcher.face(name).click();
    const form = new LaunchFormPage(plain.page);
    await form.field('Project name').fill('   ');
    await form.field('Size').selectOption('large');
    await form.field('Key').fill(SECRET);
    await form.launch.click();
    await expect(form.problem('PROJECT')).toContainText('is needed');
    await expect(form.field('Size')).toHaveValue('large');
    // A secret is never sent back, so it is typed again.
    await expect(form.field('Key')).toHaveValue('');
    await form.field('Project name').fill('demo');
    await form.field('Key').fill(SECRET);
    await form.launch.click();
    await plain.page.waitForURL(/\/sessions\/[^/]+\/view/);
    const stream = new StreamPage(plain.page);
    await stream.isRunning();
    await isGiven(stream.id, 'demo', 'large');
  });

  test('is tried by a test launch, and a start command that fails is told', async ({ visitor }) => {
    const admin = await visitor({ admin: true });
    const name = `Failing ${Date.now()}`;
    const form = await new WorkspaceForm(admin.page).openNew();
    await form.fill({ name, ...SHELL, launch_form: 'Word\n  to: WORD', at_start: 'echo "no $WORD here" >&2; exit 3' });
    await form.save.click();
    await expect(form.heading).toHaveText(`Edit ${name}`);
    await form.button('Test launch').click();
    const asked = new LaunchFormPage(admin.page);
    await expect(asked.heading).toHaveText(`Test ${name}`);
    await asked.field('Word').fill('branch');
    await asked.launch.click();
    await admin.page.waitForURL(/\/sessions\/[^/]+\/view/);
    const stream = new StreamPage(admin.page);
    await stream.isRunning();
    const detail = await new SessionDetailPage(admin.page).open(stream.id);
    const notice = admin.page.locator('.notice-warning', { hasText: 'Started with a problem' });
    await expect(notice).toContainText('ended with exit code 3');
    await expect(detail.timeline.filter({ hasText: 'exit code 3' })).toContainText('no branch here');
    await isAccessible(admin.page);
  });
});
