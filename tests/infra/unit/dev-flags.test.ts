import { readFlags } from '../../../infra/dev/flags';

test('without flags both roles start, web on 3000 and jobs on 3100', () => {
  expect(readFlags([])).toEqual({ roles: ['web', 'jobs'], ports: { web: 3000, jobs: 3100 }, help: false });
});

test('--role starts one, --port moves both', () => {
  expect(readFlags(['--role', 'jobs', '--port', '4000'])).toMatchObject({
    roles: ['jobs'],
    ports: { web: 4000, jobs: 4100 },
  });
});

test.each([
  [['--role', 'worker'], '--role: "worker" is no role, it is web or jobs'],
  [['--port', '80x'], '--port: "80x" is no whole number from 1 to 65435'],
  [['--port', '65500'], '--port: "65500" is no whole number from 1 to 65435'],
  [['--port', '0'], '--port: "0" is no whole number'],
  [['--rolle', 'web'], "Unknown option '--rolle'"],
  [['web'], "Unexpected argument 'web'"],
])('%j is refused, and the flags are explained', (args, message) => {
  expect(() => readFlags(args)).toThrow(message);
  expect(() => readFlags(args)).toThrow('--role web|jobs');
});
