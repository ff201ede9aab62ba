import { completions, filterText, parseFilter, sinceDate } from '../../../infra/console/task-filter';

test.each([
  ['type:burn state:failed', { type: 'burn', state: 'failed' }],
  ['error:"no such file" since:2h', { error: 'no such file', since: '2h' }],
  ['key:a:b tag:x', { key: 'a:b', tag: 'x' }],
  ['ENOENT', { error: 'ENOENT' }],
  ['error:"a \\"quoted\\" word"', { error: 'a "quoted" word' }],
  ['', {}],
])('the filter %j is read as what it says, and written as it was read', (text, filter) => {
  expect(parseFilter(text)).toEqual(filter);
  expect(parseFilter(filterText(parseFilter(text)))).toEqual(filter);
});

test('a word that looks like an id is one', () => {
  expect(parseFilter('0mhc1abcd0000XyZ1234')).toEqual({ id: '0mhc1abcd0000XyZ1234' });
});

test.each([
  ['colour:red', '"colour:" is unknown; use type: state:'],
  ['state:broken', 'state: "broken" is none of failed, running'],
  ['since:yesterday', 'since: "yesterday" is no date and no span'],
])('%j is refused with what to write', (text, message) => {
  expect(() => parseFilter(text)).toThrow(message);
});

test('a span is counted from now, a date is itself', () => {
  expect(sinceDate('15m', 1_000_000).getTime()).toBe(100_000);
  expect(sinceDate('2026-01-02', 0).toISOString()).toBe('2026-01-02T00:00:00.000Z');
});

test('what is begun is completed: names, states, and what is known', () => {
  expect(completions('st', {})).toEqual(['state:']);
  expect(completions('type:burn state:fa', {})).toEqual(['type:burn state:failed ']);
  expect(completions('type:bu', { type: ['burn', 'report'] })).toEqual(['type:burn ']);
  expect(completions('error:x', {})).toEqual([]);
});
