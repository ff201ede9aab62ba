import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linkedTo, readSettings } from '../../../infra/dev/json-file';

const folder = mkdtempSync(join(tmpdir(), 'tandem-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string | Buffer, name = 'settings-web.json'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('a settings file is read as it is', async () => {
  expect(await readSettings(file('{ "runJobs": false }'))).toEqual({ runJobs: false });
});

test('a settings file that begins with a byte order mark is read like any other', async () => {
  expect(await readSettings(file('\uFEFF{ "runJobs": false }\n'))).toEqual({ runJobs: false });
  await expect(readSettings(file('\uFEFF{\n  "runJobs": false,\n}'))).rejects.toThrow(/is not JSON: .*line 3/s);
});

test.each([
  ['with its mark', Buffer.from('\uFEFF{}', 'utf16le')],
  ['without one', Buffer.from('{}', 'utf16le')],
  ['the other way round', Buffer.from('\uFEFF{}', 'utf16le').swap16()],
])('a settings file in UTF-16, %s, is told how to be saved', async (_, bytes) => {
  await expect(readSettings(file(bytes))).rejects.toThrow(
    'settings-web.json: is not JSON in UTF-8 but in UTF-16: save',
  );
});

test('what is wrong with a settings file is said in one line that does nothing to a terminal', async () => {
  for (const text of ['{ "a": \u001b[2J }', '{\n\n"\r\u2028": x}', '["\u001b[2J\n"]', '"\u009b2J"']) {
    const { message } = await readSettings(file(text)).catch(
      (error: Error) => error as Error & Record<string, unknown>,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
    expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028]/);
  }
});

test('a missing settings file is named', async () => {
  const path = join(folder, 'settings-none.json');
  await expect(readSettings(path)).rejects.toThrow(
    `settings-none.json: can't be read (ENOENT). It should be at ${path}`,
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
