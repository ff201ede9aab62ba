import { type App, defineApp } from '../../../infra/app';
import { isPage } from '../../../infra/app/pages';
import { defineTasks } from '../../../infra/catalog';
import { contentSecurityPolicy } from '../../../infra/http/content-security-policy';

const catalog = defineTasks({ greet: { payload: {} }, wave: { payload: {} } });
const handlers = { greet: async () => ({ handler: () => 1 }), wave: async () => ({ handler: () => 1 }) };
const app = { name: 'shop', catalog, handlers };

describe('defineApp', () => {
  test('takes what is right', () => {
    expect(defineApp({ ...app, security: { imgSrc: ['https://a'] }, uploads: [{ path: '/upload/films' }] }).name).toBe(
      'shop',
    );
  });

  test.each<[string, Partial<App>, string]>([
    ['a name that no log can hold', { name: 'My Shop' }, 'name: "My Shop" is not made of'],
    ['a task type without a handler', { handlers: { greet: handlers.greet } }, 'handlers.wave: missing'],
    [
      'a handler without a task type',
      { handlers: { ...handlers, gret: handlers.greet } },
      'handlers.gret: the catalog has no such task type',
    ],
    ['a rate without a span', { rates: { stripe: { max: 1 } as never } }, 'rates.stripe.per: is missing'],
    [
      'a handler in the wrong place',
      { roleHandlers: { greet: handlers.greet } },
      'roleHandlers.greet: runs in the worker: name it where those are',
    ],
    [
      'a task type of the role without a handler there',
      { catalog: defineTasks({ greet: { payload: {} }, wave: { payload: {}, runsIn: 'role' } }) },
      'roleHandlers.wave: missing; name its module in imports/role-handlers/index.ts',
    ],
    [
      'an owner that no payload names',
      { ownerField: 'ownerr', catalog: defineTasks({ greet: { payload: { owner: String } }, wave: { payload: {} } }) },
      'ownerField: no task type has a field "ownerr", did you mean owner?',
    ],
    ['an unknown directive', { security: { imageSrc: [] } as never }, 'did you mean imgSrc?'],
    ['a page that is no path', { pages: ['/', 'orders'] }, 'pages: "orders" is no path like "/orders"'],
    ['a page with a star elsewhere', { pages: ['/a*'] }, 'pages: "/a*" is no path like "/orders"'],
    ['an upload elsewhere', { uploads: [{ path: '/films' }] }, 'uploads: "/films" does not lie below /upload/'],
    ['a limit that is none', { uploads: [{ path: '/upload/a', maxBytes: -1 }] }, 'maxBytes: -1 is not a whole number'],
  ])('refuses %s', (_, part, message) => {
    expect(() => defineApp({ ...app, ...part })).toThrow(message);
  });
});

test.each([
  ['/', true],
  ['/orders', true],
  ['/orders/', true],
  ['/orders/7', false],
  ['/films', true],
  ['/films/7/cast', true],
  ['/filmstrip', false],
  ['', false],
])('%j is a page: %p', (path, expected) => {
  expect(isPage(path, ['/', '/orders', '/films/*'])).toBe(expected);
});

describe('the content security policy', () => {
  test('allows what is ours, and what the app adds', () => {
    const policy = contentSecurityPolicy('https://a.example.com/', {
      imgSrc: ['https://images.example.com'],
      mediaSrc: ['https://films.example.com'],
    });
    expect(policy).toMatchObject({
      imgSrc: ["'self'", 'data:', 'blob:', 'https://images.example.com'],
      mediaSrc: ["'self'", 'https://films.example.com'],
      scriptSrc: ["'self'"],
      connectSrc: ["'self'", 'wss://a.example.com'],
      upgradeInsecureRequests: [],
    });
  });
});
