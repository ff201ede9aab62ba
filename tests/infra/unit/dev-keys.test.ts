import { PassThrough } from 'node:stream';
import { hasKeys, listenToKeys } from '../../../infra/dev/running/keys';

test('each key does what the help says, and Ctrl-C, which is a key now, ends it; the terminal is given back', () => {
  const modes: boolean[] = [];
  const input = new PassThrough();
  const terminal = Object.assign(input, {
    isTTY: true,
    setRawMode: (raw: boolean) => modes.push(raw),
    unref: () => input,
  }) as unknown as NodeJS.ReadStream;
  const pressed: string[] = [];
  const press = (name: string) => () => void pressed.push(name);
  const giveBack = listenToKeys(
    { restart: press('restart'), openPage: press('page'), openConsole: press('console'), quit: press('quit') },
    terminal,
  );
  for (const key of ['r', 'x', 'O', 'cq', '\u0003']) input.emit('data', Buffer.from(key));
  expect(pressed).toEqual(['restart', 'page', 'console', 'quit', 'quit']);
  expect(modes).toEqual([true]);
  giveBack();
  expect(modes).toEqual([true, false]);
});

test('without a terminal there are no keys', () => {
  expect(hasKeys({ isTTY: false })).toBe(false);
});
