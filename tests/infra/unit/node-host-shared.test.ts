import { parseDDP, stringifyDDP } from '../../../infra/node-host/shared/ddp-message';
import { EJSON } from '../../../infra/node-host/shared/ejson';
import { MeteorError } from '../../../infra/node-host/shared/meteor-error';
import { MongoID, ObjectID } from '../../../infra/node-host/shared/object-id';
import { Random } from '../../../infra/node-host/shared/random';
import { RandomStream } from '../../../infra/node-host/shared/random-stream';

describe('Random', () => {
  test('draws from a seed what Meteor draws from it', () => {
    const random = Random.createWithSeeds(0);
    const drawn = [random.id(), random.id(), random.id(), random.id()];
    expect(drawn).toEqual(['cp9hWvhg8GSvuZ9os', '3f3k6Xo7rrHCifQhR', 'shxDnjWWmnKPEoLhM', '6QTjB8C5SEqhmz4ni']);
  });

  test('makes ids, secrets and digits of the length that is wanted', () => {
    expect(Random.id()).toMatch(/^[23456789A-HJ-NP-Za-km-z]{17}$/);
    expect(Random.id(5)).toHaveLength(5);
    expect(Random.secret()).toMatch(/^[\w-]{43}$/);
    expect(Random.hexString(24)).toMatch(/^[0-9a-f]{24}$/);
    expect(['a', 'b']).toContain(Random.choice(['a', 'b']));
    expect('ab').toContain(Random.choice('ab'));
  });

  test('gives each name of a method its own sequence', () => {
    const draw = (name: string) => RandomStream.get({ randomSeed: 'seed' }, name).id();
    expect(draw('/collection/a')).toBe(draw('/collection/a'));
    expect(draw('/collection/a')).not.toBe(draw('/collection/b'));
  });
});

describe('ids in DDP', () => {
  test.each([
    ['plain', 'plain'],
    ['', ''],
    ['-dash', '--dash'],
    ['~x', '-~x'],
    ['{x', '-{x'],
    ['0123456789abcdef01234567', '-0123456789abcdef01234567'],
    [new ObjectID('0123456789abcdef01234567'), '0123456789abcdef01234567'],
    [7, '~7'],
    [undefined, '-'],
  ])('%p is written %s, and read back', (id, text) => {
    expect(MongoID.idStringify(id)).toBe(text);
    expect(MongoID.idParse(text)).toEqual(id);
  });

  test('can be no other objects', () => {
    expect(() => MongoID.idStringify({ a: 1 })).toThrow('objects other than ObjectID');
    expect(() => new ObjectID('short')).toThrow('Invalid hexadecimal string for creating an ObjectID');
  });
});

describe('DDP messages', () => {
  test('carry undefined fields as cleared ones, and back', () => {
    const text = stringifyDDP({ msg: 'changed', id: 'x', fields: { a: 1, b: undefined } });
    expect(JSON.parse(text)).toEqual({ msg: 'changed', id: 'x', fields: { a: 1 }, cleared: ['b'] });
    expect(parseDDP(text)).toEqual({ msg: 'changed', id: 'x', fields: { a: 1, b: undefined } });
  });

  test('leave out fields that are none', () => {
    expect(JSON.parse(stringifyDDP({ msg: 'added', id: 'x', fields: {} }))).toEqual({ msg: 'added', id: 'x' });
  });

  test('leave what they are made of as it was', () => {
    const message = { msg: 'result', id: 'x', result: { at: new Date(5) } };
    stringifyDDP(message);
    expect(message.result.at).toEqual(new Date(5));
  });

  test('carry EJSON in fields, parameters and results', () => {
    const values = {
      date: new Date(5),
      oid: new ObjectID(),
      nan: Number.NaN,
      binary: new Uint8Array([1]),
      pattern: /a/i,
    };
    expect(parseDDP(stringifyDDP({ msg: 'result', result: values }))?.result).toEqual(values);
  });

  test('are objects, nothing else', () => {
    for (const text of ['{', '5', 'null', '"text"']) expect(parseDDP(text)).toBeNull();
  });
});

describe('EJSON', () => {
  test('escapes objects that look like its own', () => {
    expect(EJSON.stringify({ a: { $date: 5 } })).toBe('{"a":{"$escape":{"$date":5}}}');
    expect(EJSON.parse('{"a":{"$escape":{"$date":5}}}')).toEqual({ a: { $date: 5 } });
  });

  test('knows equal from the same', () => {
    expect(EJSON.equals({ a: [new Date(1), Number.NaN] }, { a: [new Date(1), Number.NaN] })).toBe(true);
    expect(EJSON.equals({ a: undefined }, {})).toBe(false);
    expect(EJSON.equals({ a: 1, b: 2 }, { b: 2, a: 1 }, { keyOrderSensitive: true })).toBe(false);
  });
});

describe('Meteor.Error', () => {
  test('looks on the wire as in Meteor', () => {
    expect(JSON.parse(JSON.stringify(new MeteorError('not-allowed', 'You may not.', { field: 'x' })))).toEqual({
      isClientSafe: true,
      error: 'not-allowed',
      reason: 'You may not.',
      details: { field: 'x' },
      message: 'You may not. [not-allowed]',
      errorType: 'Meteor.Error',
    });
  });

  test('is an Error with the stack of where it was made', () => {
    const error = new MeteorError('x');
    expect(error).toBeInstanceOf(Error);
    expect(error.stack).toContain('node-host-shared.test');
    expect(error.message).toBe('[x]');
  });
});
