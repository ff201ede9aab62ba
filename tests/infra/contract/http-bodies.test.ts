import { limitBodies } from '../../../infra/http/request-limits';
import { type HttpServer, serveHttp } from '../../support/http-server';

describe('the limits of a body', () => {
  const limits = { bodyBytes: 10, uploadBytes: 100_000, requestMs: 10_000 };
  const uploads = [{ path: '/upload/pictures' }, { path: '/upload/films', maxBytes: 200_000 }];
  const limited = limitBodies(limits, uploads);
  let server: HttpServer;
  beforeAll(async () => {
    server = await serveHttp((request, response) =>
      limited(request, response, () => {
        request.resume();
        response.end('taken');
      }),
    );
  });
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
    const answer = await fetch(`${server.url}${path}`, { method: 'POST', body: Buffer.alloc(bytes) });
    expect(answer.status).toBe(status);
    await answer.text();
  });
});
