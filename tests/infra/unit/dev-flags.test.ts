import { readFlags } from '../../../infra/dev/flags';

test('without flags every role starts, and web is on 3000', () => {
  expect(readFlags([])).toEqual({ port: 3000, help: false });
});

test('--role starts one, --port moves all', () => {
  for (const role of ['web', 'jobs', 'jobs-heavy'])
    expect(readFlags(['--role', role, '--port', '4000'])).toEqual({ role, port: 4000, help: false });
});

test.each([
  [['--role', 'worker'], '--role: "worker" is no role, it is web, jobs or jobs-<name>'],
  [['--port', '80x'], '--port: "80x" is no whole number from 1 to 65335'],
  [['--port', '65500'], '--port: "65500" is no whole number from 1 to 65335'],
  [['--port', '0'], '--port: "0" is no whole number'],
  [['--rolle', 'web'], "Unknown option '--rolle'"],
  [['web'], "Unexpected argument 'web'"],
])('%j is refused, and the flags are explained', (args, message) => {
  expect(() => readFlags(args)).toThrow(message);
  expect(() => readFlags(args)).toThrow('--role web|jobs');
});
