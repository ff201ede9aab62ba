import { readSettings, refusal } from '../../../infra/node-host/boot/settings';

const good = { MONGO_URL: 'mongodb://localhost/x', ROOT_URL: 'http://localhost:3000', PORT: '3000' };

describe('an environment that the host refuses', () => {
  test.each([
    ['no database', { ...good, MONGO_URL: undefined }, /^MONGO_URL must be set/],
    ['a database of another kind', { ...good, MONGO_URL: 'postgres://x' }, /^MONGO_URL must begin with mongodb:/],
    ['no root url', { ...good, ROOT_URL: '' }, /^ROOT_URL must be set/],
    ['a root url that is none', { ...good, ROOT_URL: 'nowhere' }, /^ROOT_URL=nowhere is not a url/],
    ['a port that is none', { ...good, PORT: '70000' }, /^PORT=70000 is not a port/],
    ['production', { ...good, NODE_ENV: 'production' }, /^NODE_ENV=production: .* TANDEM_NODE_HOST_IN_PRODUCTION=1/],
  ])('%s', (_case, environment, reason) => {
    expect(refusal(environment)).toMatch(reason);
  });

  test('is none where all is there, production by request included', () => {
    expect(refusal(good)).toBeUndefined();
    expect(refusal({ ...good, NODE_ENV: 'production', TANDEM_NODE_HOST_IN_PRODUCTION: '1' })).toBeUndefined();
  });
});

describe('METEOR_SETTINGS', () => {
  test('always has a public part', () => {
    expect(readSettings(undefined)).toEqual({ public: {} });
    expect(readSettings('{"a":1,"public":{"b":2}}')).toEqual({ a: 1, public: { b: 2 } });
  });

  test('must be a JSON object', () => {
    expect(() => readSettings('{')).toThrow(/^METEOR_SETTINGS are not valid JSON: /);
    expect(() => readSettings('[]')).toThrow('METEOR_SETTINGS must be a JSON object, like {"public": {}}.');
  });
});
