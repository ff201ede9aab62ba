import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type App, defineApp } from '../../../infra/app';
import { defineTasks } from '../../../infra/catalog';
import { contentSecurityPolicy } from '../../../infra/roles/doors/content-security-policy';
import { limitBodies } from '../../../infra/roles/doors/request-limits';

const catalog = defineTasks({ greet: { payload: {} }, wave: { payload: {} } });
const handlers = { greet: async () => ({ handler: () => 1 }), wave: async () => ({ handler: () => 1 }) };
const app = { name: 'shop', catalog, handlers };

describe('defineApp', () => {
  it('takes what is right', () => {
    expect(defineApp({ ...app, security: { imgSrc: ['https://a'] }, uploads: [{ path: '/upload/films' }] }).name).toBe(
      'shop',
    );
  });

  it.each<[string, Partial<App>, string]>([
    ['a name that no log can hold', { name: 'My Shop' }, 'name: "My Shop" is not made of'],
    ['a task type without a handler', { handlers: { greet: handlers.greet } }, 'handlers.wave: missing'],
    [
      'a handler without a task type',
      { handlers: { ...handlers, gret: handlers.greet } },
      'handlers.gret: the catalog has no such task type',
    ],
    ['an unknown directive', { security: { imageSrc: [] } as never }, 'did you mean imgSrc?'],
    ['an upload elsewhere', { uploads: [{ path: '/films' }] }, 'uploads: "/films" does not lie below /upload/'],
    ['a limit that is none', { uploads: [{ path: '/upload/a', maxBytes: -1 }] }, 'maxBytes: -1 is not a whole number'],
  ])('refuses %s', (_, part, message) => {
    expect(() => defineApp({ ...app, ...part })).toThrow(message);
  });
});

describe('the content security policy', () => {
  it('allows what is ours, and what the app adds', () => {
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

describe('the limits of a body', () => {
  const limits = { bodyBytes: 10, uploadBytes: 100_000, requestMs: 10_000 };
  const uploads = [{ path: '/upload/pictures' }, { path: '/upload/films', maxBytes: 200_000 }];
  const limited = limitBodies(limits, uploads);
  const server = createServer((request, response) =>
    limited(request, response, () => {
      request.resume();
      response.end('taken');
    }),
  );
  beforeAll(() => new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => server.close());

  it.each([
    ['/upload/pictures', 100_000, 200],
    ['/upload/pictures/more?x=1', 100_000, 200],
    ['/upload/pictures', 300_000, 413],
    ['/upload/films', 200_000, 200],
    ['/upload/filmsx', 100_000, 413],
    ['/upload/', 100_000, 413],
    ['/other', 11, 413],
  ])('%s takes %i bytes: %i', async (path, bytes, status) => {
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: Buffer.alloc(bytes) });
    expect(answer.status).toBe(status);
    await answer.text();
  });
});
