import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linkedTo, readSettings } from '../../infra/dev/settings-file';

const folder = mkdtempSync(join(tmpdir(), 'tandem-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'settings-web.json');
  writeFileSync(path, text);
  return path;
}

test('a settings file is read as it is', async () => {
  expect(await readSettings(file('{ "runJobs": false }'))).toEqual({ runJobs: false });
});

test('a missing settings file is named', async () => {
  const path = join(folder, 'settings-jobs.json');
  await expect(readSettings(path)).rejects.toThrow(
    `settings-jobs.json: can't be read (ENOENT). It should be at ${path}`,
  );
});

test('a settings file that is not JSON says where', async () => {
  await expect(readSettings(file('{\n  "runJobs": false,\n}'))).rejects.toThrow(
    /^settings-web.json: is not JSON: .*line 3/s,
  );
});

test('a settings file that holds no object is refused', async () => {
  await expect(readSettings(file('[1]'))).rejects.toThrow('settings-web.json: holds [1], it should be an object');
});

test('the link follows the jobs role to another port', () => {
  const settings = { runJobs: false, link: { url: 'http://localhost:3100', secret: 's' } };
  expect(linkedTo(settings, 4100)).toEqual({ runJobs: false, link: { url: 'http://localhost:4100', secret: 's' } });
});

test('settings without a link get none', () => {
  expect(linkedTo({ runJobs: true, link: { secret: 's' } }, 4100)).toEqual({ runJobs: true, link: { secret: 's' } });
});
