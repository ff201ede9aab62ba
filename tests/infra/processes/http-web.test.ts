import { connect } from 'node:net';
import { eventually } from '../../support/eventually';
import { ForeignClient } from '../../support/foreign-ddp';
import { runningPair, startTestRoles, type TestRoles } from '../../support/roles';

let roles: TestRoles;

const limits = { connectionsPerAddress: 30, messagesPerSecond: 20, requestMs: 2_000, bodyBytes: 10_000 };

beforeAll(async () => {
  roles = await startTestRoles({ settings: { web: { limits }, jobs: { limits } } });
}, 60_000);

afterAll(() => roles.stop(), 30_000);

/** Says raw bytes to a role and gives what it answers until it closes. */
function say(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise(resolve => {
    let heard = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on('data', chunk => {
      heard += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(heard));
  });
}

describe('the web', () => {
  test.each(['/', '/console', '/healthz', '/main.css', '/no/such/page'])(
    'answers %s with the headers of a careful app, on both roles',
    async path => {
      for (const url of [roles.webUrl, roles.jobsUrl]) {
        const { headers } = await fetch(url + path);
        const policy = headers.get('content-security-policy') ?? '';
        expect(policy).toContain("default-src 'self'");
        expect(policy).toContain("frame-ancestors 'none'");
        expect(policy).not.toContain('unsafe-');
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        expect(headers.get('x-frame-options')).toBe('DENY');
        expect(headers.get('referrer-policy')).toBe('same-origin');
        expect(headers.get('x-powered-by')).toBeNull();
      }
    },
  );

  test('has no inline script in its page, and nothing of the settings but what is public', async () => {
    const page = await (await fetch(roles.webUrl)).text();
    expect(page).not.toMatch(/<script[^>]*>[^<]/);
    const config = await (await fetch(`${roles.webUrl}/meteor_runtime_config.js`)).text();
    for (const secret of ['secret', 'signingKey', 'operatorToken', 'development-']) {
      expect(page + config).not.toContain(secret);
    }
  });

  test('has no app on the jobs role', async () => {
    expect((await fetch(`${roles.jobsUrl}/`)).status).toBe(200);
    for (const path of ['/console', '/main.js', '/upload/pictures', '/files/x']) {
      expect((await fetch(roles.jobsUrl + path)).status).toBe(404);
    }
  });
});

const describeHere = runningPair() ? describe.skip : describe;

describeHere('the limits', () => {
  test('refuse a body that is too large before it is read', async () => {
    const answer = await fetch(`${roles.webUrl}/`, { method: 'POST', body: 'x'.repeat(10_001) });
    expect(answer.status).toBe(413);
    expect(await answer.text()).toContain('10000 are allowed');
  });

  test('refuse a body whose length nobody says', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(5));
        controller.close();
      },
    });
    const answer = await fetch(`${roles.webUrl}/`, { method: 'POST', body, duplex: 'half' } as RequestInit);
    expect(answer.status).toBe(411);
  });

  test('refuse an upload beyond 15 MB', async () => {
    const answer = await fetch(`${roles.webUrl}/upload/pictures`, {
      method: 'POST',
      body: new Uint8Array(30_000_000),
    }).catch(() => undefined);
    expect(answer?.status ?? 413).toBe(413);
  });

  test('cut off slow heads, slow-loris uploads and upgrades that nobody knows, and serve others meanwhile', async () => {
    const upload = 'POST /upload/pictures HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n';
    const visitor = `Cookie: visitor=${'a'.repeat(64)}\r\nContent-Length: 100000\r\n\r\n`;
    const slow = [
      'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ',
      ...Array.from({ length: 3 }, () => `${upload}${visitor}--b`),
      'GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ];
    const answers = slow.map(text => say(roles.webUrl, text));
    expect((await fetch(roles.webUrl)).status).toBe(200);
    // Node itself would answer a slow head by 408, after a minute; the upload its sender, after 15 seconds.
    expect(await Promise.all(answers)).toEqual(['', '', '', '', '']);
  }, 60_000);

  test('close connections beyond those that one address may have', async () => {
    const clients = await Promise.all(
      Array.from({ length: 40 }, () => ForeignClient.open(roles.webUrl).catch(() => undefined)),
    );
    await eventually(() => clients.filter(client => client?.isOpen).length <= 30);
    expect(clients.filter(client => client?.isOpen).length).toBeGreaterThan(20);
    for (const client of clients) client?.close();
    const again = await eventually(() => ForeignClient.open(roles.webUrl).catch(() => undefined));
    again.close();
    expect(roles.web!.output).toContain('more than 30 from one address');
  });

  test('close a connection that says too much', async () => {
    const client = await ForeignClient.open(roles.webUrl);
    for (let message = 0; message < 200; message += 1) client.send({ msg: 'ping', id: String(message) });
    await client.closed;
    expect((await fetch(roles.webUrl)).status).toBe(200);
  });

  test('close a connection whose message is too long', async () => {
    const client = await ForeignClient.open(roles.webUrl);
    client.send({ msg: 'ping', id: '€'.repeat(500_000) }); // 1.5 MB
    await client.closed;
  });
});

describe('a malformed message', () => {
  test.each(['', '{', 'null', '[]', '{"msg":3}', '{"msg":"method"}', '{"msg":"sub","id":1}', '\u0000'])(
    'of %j harms nobody',
    async text => {
      const client = await ForeignClient.open(roles.webUrl);
      client.send(text);
      await expect(client.call('no.such.method')).rejects.toMatchObject({ error: 404 });
      client.close();
    },
  );
});
