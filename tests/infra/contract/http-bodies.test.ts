import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { limitBodies } from '../../../infra/http/request-limits';

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

  test.each([
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
