import { PassThrough } from 'node:stream';
import { printLines } from '../../infra/dev/running/log-lines';
import { eventually } from '../support/eventually';

test('each line of a role is printed behind its label, a last one without an end too', async () => {
  const printed: string[] = [];
  const log = jest.spyOn(console, 'log').mockImplementation(line => void printed.push(line));
  const output = new PassThrough();
  printLines('web', output);
  output.write('one\ntw');
  output.end('o');
  await eventually(() => printed.length === 2);
  log.mockRestore();
  expect(printed).toEqual(['[web ] one', '[web ] two']);
});
