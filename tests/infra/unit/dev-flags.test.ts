import { readFlags, readStartFlags } from '../../../infra/dev/flags';

test('without flags every role starts, and web is on 3000', () => {
  expect(readStartFlags([])).toEqual({ port: 3000, help: false, types: true, inProcess: false });
});

test('--role starts one, --port moves all', () => {
  for (const role of ['web', 'jobs', 'jobs-heavy'])
    expect(readFlags(['--role', role, '--port', '4000'], '')).toEqual({ role, port: 4000, help: false });
});

test('--no-types is for npm start only: Meteor has nothing like it', () => {
  expect(readStartFlags(['--no-types']).types).toBe(false);
  expect(() => readFlags(['--no-types'], 'the page')).toThrow("Unknown option '--no-types'");
});

test('--inspect begins at 9229, --inspect-port elsewhere', () => {
  expect(readStartFlags(['--in-process'])).toMatchObject({ inProcess: true });
  expect(readStartFlags(['--inspect']).inspect).toBe(9229);
  expect(readStartFlags(['--inspect-port', '9400']).inspect).toBe(9400);
  expect(() => readStartFlags(['--inspect-port', 'x'])).toThrow('--inspect-port: "x" is no whole number');
});

test.each([
  [['--role', 'worker'], '--role: "worker" is no role, it is web, jobs or jobs-<name>'],
  [['--port', '80x'], '--port: "80x" is no whole number from 1 to 65335'],
  [['--port', '65500'], '--port: "65500" is no whole number from 1 to 65335'],
  [['--port', '0'], '--port: "0" is no whole number'],
  [['--rolle', 'web'], "Unknown option '--rolle'"],
  [['web'], "Unexpected argument 'web'"],
])('%j is refused, and the flags are explained', (args, message) => {
  expect(() => readStartFlags(args)).toThrow(message);
  expect(() => readStartFlags(args)).toThrow('--role web|jobs');
});
