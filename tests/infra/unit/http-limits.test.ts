import { parse } from 'node:url';
import fc from 'fast-check';
import { MessageJudge } from '../../../infra/http/message-limits';
import { readableTarget } from '../../../infra/http/request-target';
import { propertySize } from '../../support/property-size';

describe('what a request asks for', () => {
  test.each([
    ['/', '/'],
    ['/files/a%20b?x=1&y=%E0%A4%A', '/files/a%20b?x=1&y=%E0%A4%A'],
    ['//', '/'],
    ['//evil.example/x', '/evil.example/x'],
    ['/\\evil', '/evil'],
    ['*', '/*'],
    ['', '/'],
    ['http://example.com/a?b', '/a?b'],
    ['HTTP://[::', '/'],
    ['http://xn--a', '/'],
    ['/%E0%A4%A', '/%25E0%25A4%25A'],
    ['/\u00e9#', '/%e9%23'],
  ])('in %j is %j', (target, readable) => {
    expect(readableTarget(target)).toBe(readable.replace('%e9%23', '%25e9%2523'));
  });

  const pieces = ['/', '//', '\\', '%', '%E0', '%41', '?', '#', '*', '@', ':', '[', ']', '.', '..', 'a', ' ', '\u0000'];
  const schemes = ['http:', 'https://', 'ws://', 'xn--', 'javascript:'];
  const odd = ['\u00ad', '\u00e9', '\u2100', '\ud800', '&', '=', '^'];
  const joined = fc
    .array(fc.constantFrom(...pieces, ...schemes, ...odd), { minLength: 1, maxLength: 4 })
    .map(some => some.join(''));

  test('is read by every parser, whatever it was', () => {
    const isReadable = (target: string) => {
      const readable = readableTarget(target);
      expect(readable).toMatch(/^\/(?![/\\])[!-~]*$/);
      expect(new URL(readable, 'http://here').host).toBe('here');
      decodeURIComponent(parse(readable).pathname ?? '');
      expect(readableTarget(readable)).toBe(readable);
    };
    const targets = fc.oneof(joined, ...['/', 'http://'].map(begin => joined.map(rest => begin + rest)));
    fc.assert(fc.property(targets, isReadable), { numRuns: 1_000 * propertySize });
  });
});

describe('a message', () => {
  const limits = { messagesPerSecond: 1_000_000, messageBytes: 1_000_000 };
  const nothing = { count: 0, bytes: 0 };
  const objection = (text: string) => new MessageJudge(limits, 1).objection(text, nothing);
  const nested = (depth: number) => `{"msg":"method","params":${'['.repeat(depth)}${']'.repeat(depth)}}`;

  test.each([
    ['{"msg":"ping"}'],
    ['{"msg":"ping","id":"1"}'],
    ['{"msg":"sub","id":1}'],
    ['{'],
    ['null'],
    ['[]'],
    [`{"msg":"method","params":["${'[{\\"'.repeat(500)}"]}`],
    [`[${'[],'.repeat(5_000)}[]]`],
    [nested(90)],
  ])('is heard: %.60s', text => {
    expect(objection(text)).toBeUndefined();
  });

  test.each([
    [nested(200), /nested/],
    ['['.repeat(300_000), /nested/],
    ['{"msg":"toString"}', /no client sends/],
    ['{"msg":{"valueOf":1}}', /no client sends/],
    ['{"msg":"unsub","id":{}}', /no client sends/],
    ['\u20ac'.repeat(400_000), /1200000 bytes/],
  ])('is not: %.60s', (text, reason) => {
    expect(objection(text)).toMatch(reason);
  });

  // One that looked at each place again and again would think for hours.
  test.each([
    [`"${'\\"'.repeat(490_000)}`, undefined],
    ['"['.repeat(490_000), expect.stringMatching(/nested/)],
  ])('is judged however long it is: %.6s', (text, judgment) => {
    expect(objection(text)).toEqual(judgment);
  });

  test('may be as long as the longest now and then, but not one after the other', () => {
    const judge = new MessageJudge(limits, 1);
    const long = `"${'x'.repeat(900_000)}"`;
    const answers = Array.from({ length: 8 }, () => judge.objection(long, nothing));
    expect(answers.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
    expect(answers.at(-1)).toMatch(/bytes of messages a second/);
  });

  test('may wait behind a slow one, but no more of them than one burst, in number and in bytes', () => {
    const judge = new MessageJudge({ messagesPerSecond: 20, messageBytes: 1_000 }, 1);
    expect(judge.objection('{}', { count: 99, bytes: 3_998 })).toBeUndefined();
    expect(judge.objection('{}', { count: 100, bytes: 0 })).toBe('100 messages wait behind a slow one');
    expect(judge.objection('{}', { count: 1, bytes: 3_999 })).toBe('3999 bytes of messages wait behind a slow one');
  });
});
