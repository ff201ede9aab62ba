import { eventually } from '../../support/eventually';
import { ForeignClient } from '../../support/foreign-ddp';
import type { TestProcess } from '../../support/processes';
import { breakOff, frame, RawWebSocket, sayRaw, upgradeRequest } from '../../support/raw-client';
import { runningPair, startTestRoles, type TestRoles } from '../../support/roles';

let roles: TestRoles;

beforeAll(async () => {
  const limits = { messagesPerSecond: 1_000, connectionsPerAddress: 10_000 };
  roles = await startTestRoles({ settings: { web: { limits }, jobs: { limits } } });
}, 60_000);

afterAll(() => roles.stop(), 30_000);

const linesOf = (process: TestProcess | undefined) => process?.output.split('\n').length ?? 0;

/** Says each of them, whole and broken off at its end, and finds none that gets two answers. */
async function answeredOnce(requests: readonly string[]): Promise<void> {
  await unharmed(2 * requests.length, async url => {
    const answers = await Promise.all(requests.map(request => sayRaw(url, request)));
    expect(requests.filter((_, at) => statusLines(answers[at]!).length > 1)).toEqual([]);
    await Promise.all(requests.map(request => breakOff(url, request)));
  });
}

/** What happens on both roles: they live on, answer others, and log a line at most for each of `times` inputs. */
async function unharmed(times: number, happen: (url: string) => Promise<unknown>): Promise<void> {
  const before = [linesOf(roles.web), linesOf(roles.jobs)];
  for (const url of [roles.webUrl, roles.jobsUrl]) {
    await happen(url);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  }
  const after = [linesOf(roles.web), linesOf(roles.jobs)];
  for (const [role, lines] of after.entries()) expect(lines - before[role]!).toBeLessThanOrEqual(times);
}

const statusLines = (answer: string) => answer.match(/^HTTP\/1\.[01] \d{3}/gm) ?? [];

const targets = [
  '//',
  '///',
  '//evil.example/x',
  '/\\evil',
  '\\\\evil',
  '*',
  '?',
  '#',
  '/?',
  '/%',
  '/%E0%A4%A',
  '/%FF',
  '/%00',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/../../etc/passwd',
  '/files/%E0%A4%A',
  '/files/%00',
  '/files/..%2f..%2fsettings-web.json',
  '/main.js?hash=%E0%A4%A',
  '/console/%E0',
  '/upload/%E0%A4%A',
  '/sockjs/%E0%A4%A/x/websocket',
  '/websocket/%E0%A4%A',
  '/websocket?%E0%A4%A',
  '//websocket',
  'http://[::',
  'http://[::]/',
  'http://a]b/',
  'http://xn--a/',
  'http://\u00ad/',
  'http://%00/',
  'http://a:99999999/',
  'http://user:pass@host:1/x',
  'HTTP://LOCALHOST/healthz',
  'ws://x/websocket',
  'javascript:alert(1)',
  '/\u00e9\u00ff',
  `/${'a'.repeat(8_000)}`,
  `/${'%41'.repeat(3_000)}`,
  `/${'/'.repeat(5_000)}`,
  `/?${'a=b&'.repeat(3_000)}`,
  '/__proto__',
  '/constructor/prototype',
];

const close = 'Host: x\r\nConnection: close\r\n\r\n';

describe('a request line', () => {
  test('whatever it asks for gets one answer at most, and harms nobody', async () => {
    const plain = (method: string) => targets.map(target => `${method} ${target} HTTP/1.1\r\n${close}`);
    await answeredOnce([...['GET', 'HEAD', 'POST'].flatMap(plain), ...targets.map(target => upgradeRequest(target))]);
  });

  test('with an escape that means nothing is told so, and one that does finds nothing', async () => {
    for (const url of [roles.webUrl, roles.jobsUrl])
      for (const path of ['/files/%E0%A4%A', '/%FF', '/%', '/upload/%E0%A4%A'])
        expect([path, (await fetch(`${url.replace(/\/$/, '')}${path}`)).status]).toEqual([path, 400]);
    expect((await fetch(new URL('/files/%00', roles.webUrl))).status).toBe(404);
  });

  test('of no kind as well', () =>
    answeredOnce([
      'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
      'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
      'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
      'GET /\r\n\r\n',
      'GET  /  HTTP/1.1\r\nHost: x\r\n\r\n',
      'NONSENSE / HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET /\u0000 HTTP/1.1\r\nHost: x\r\n\r\n',
      '\u0000\u0001\u0002\r\n\r\n',
      '\r\n\r\n\r\n',
      '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', // the beginning of TLS
      `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    ]));
});

describe('headers', () => {
  const visitor = `visitor=${'a'.repeat(64)}`;
  const headers = [
    'Host: a\r\nHost: b',
    'X: y',
    'Host: [::',
    'Host: x\r\nContent-Length: abc',
    'Host: x\r\nContent-Length: 1\r\nContent-Length: 2',
    'Host: x\r\nContent-Length: -1',
    'Host: x\r\nContent-Length: 99999999999999999999',
    'Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
    'Host: x\r\nTransfer-Encoding: nonsense',
    'Host: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5',
    `Host: x\r\nCookie: %E0%A4%A; =; ;;; visitor; visitor==; ${visitor}; __proto__=1`,
    `Host: x\r\nCookie: ${'a=b; '.repeat(2_000)}`,
    'Host: x\r\nRange: bytes=9-1,-,x',
    'Host: x\r\nRange: bytes=999999999-',
    'Host: x\r\nIf-Modified-Since: nonsense\r\nIf-None-Match: "',
    'Host: x\r\nOrigin: http://[::\r\nReferer: \u00ff',
    'Host: x\r\nAccept: ;;q=,*/*;q=x\r\nAccept-Encoding: \u00ff',
    'Host: x\r\nExpect: the-unexpected',
    'Host: x\r\nX-Forwarded-For: ,,%00, ::',
    `Host: x\r\nCookie: ${visitor}\r\nContent-Type: multipart/form-data`,
    [
      'a form that is none',
      `Host: x\r\nCookie: ${visitor}\r\nContent-Type: multipart/form-data; boundary="\r\nContent-Length: 3`,
    ],
    'Host: x\r\n\u00ff\u0000: y',
    `Host: x\r\nX: ${'y'.repeat(100_000)}`,
  ];

  test('get one answer at most, and harm nobody', () =>
    answeredOnce(
      ['GET /', 'GET /main.css', 'GET /files/x', 'POST /upload/pictures'].flatMap(start =>
        headers.map(
          lines => `${start} HTTP/1.1
${lines}
Connection: close

`,
        ),
      ),
    ));

  const ofUpgrades: Record<string, string>[] = [
    { 'Sec-WebSocket-Key': '' },
    { 'Sec-WebSocket-Key': 'short' },
    { 'Sec-WebSocket-Version': '99' },
    { 'Sec-WebSocket-Version': 'x' },
    { 'Sec-WebSocket-Protocol': ',,' },
    { 'Sec-WebSocket-Protocol': 'a, a' },
    { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits=99' },
    { 'Sec-WebSocket-Extensions': ';;=' },
    { Upgrade: 'h2c' },
    { Upgrade: 'websocket, websocket' },
    { Connection: 'keep-alive, Upgrade', 'Content-Length': '5' },
    { Origin: 'http://[::', Cookie: '%E0%A4%A' },
  ];

  test('of an upgrade as well', () =>
    answeredOnce(
      ['/websocket', '/sockjs/1/x/websocket', '/elsewhere'].flatMap(path =>
        ofUpgrades.map(lines => upgradeRequest(path, lines)),
      ),
    ));
});

describe('half of a request', () => {
  const whole = [
    upgradeRequest('/websocket'),
    upgradeRequest('/elsewhere'),
    'POST /upload/pictures HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n' +
      `Cookie: visitor=${'a'.repeat(64)}\r\nContent-Length: 500\r\n\r\n` +
      '--b\r\nContent-Disposition: form-data; name="f"; filename="x.png"\r\n\r\n\u0089PNG',
  ];

  test('is broken off wherever it may be', () => {
    const halves = whole.flatMap(request =>
      Array.from({ length: request.length }, (_, length) => request.slice(0, length + 1)).filter(
        (_, at) => at % 7 === 0,
      ),
    );
    return unharmed(halves.length, url => Promise.all(halves.map(half => breakOff(url, half))));
  });

  test('with noise in it is answered once at most', () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`noise by the seed ${seed}`);
    const next = numbersFrom(seed);
    return answeredOnce(Array.from({ length: 300 }, (_, at) => noisy(whole[at % whole.length]!, next)));
  });
});

/** Random numbers below a bound, the same ones for the same seed. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

/** Up to three bytes of it are others, most of them near the beginning. */
function noisy(request: string, next: (below: number) => number): string {
  const bytes = Buffer.from(request, 'latin1');
  for (let times = 1 + next(3); times > 0; times -= 1) bytes[next(1 + next(bytes.length))] = next(256);
  return bytes.toString('latin1');
}

const connect = frame('{"msg":"connect","version":"1","support":["1"]}');

describe('frames', () => {
  const frames: Buffer[] = [
    frame('x', { opcode: 3 }),
    frame('x', { opcode: 0xf }),
    frame('x', { masked: false }),
    frame('x', { reserved: 7 }),
    frame('x', { reserved: 4 }),
    frame(Buffer.from([0xff, 0xfe, 0xc0])),
    Buffer.concat([frame(Buffer.from([0xe2]), { fin: false }), frame(Buffer.from([0x82]), { opcode: 0 })]),
    frame('x', { opcode: 0 }),
    Buffer.concat([frame('x', { fin: false }), frame('y')]),
    frame('x', { opcode: 9, fin: false }),
    frame('x'.repeat(200), { opcode: 9 }),
    Buffer.concat(Array.from({ length: 2_000 }, () => frame('', { opcode: 9 }))),
    frame('x', { opcode: 8 }),
    frame(Buffer.from([0, 1]), { opcode: 8 }),
    frame(Buffer.from([3, 232, 0xff]), { opcode: 8 }),
    frame('x', { announced: 2 ** 31 - 1 }),
    frame('x', { announced: 5_000 }),
    frame('{"msg":"ping"}', { opcode: 2 }),
    frame(''),
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.from(Array.from({ length: 3_000 }, (_, i) => (i * 167 + (i >> 3)) & 0xff)),
  ];

  test('harm nobody, before and after the greeting, whole, half and broken off', () => {
    const talks = frames.flatMap(bytes => [bytes, Buffer.concat([connect, bytes])]);
    const wholes = talks.map(bytes => Buffer.concat([Buffer.from(upgradeRequest('/websocket')), bytes]));
    return unharmed(3 * talks.length, async url => {
      await Promise.all(wholes.map(bytes => sayRaw(url, bytes)));
      await Promise.all(wholes.map(bytes => breakOff(url, bytes)));
      await Promise.all(wholes.map(bytes => breakOff(url, bytes.subarray(0, -1))));
    });
  });
});

/** Whether the next message is answered, or the connection is over. */
async function isAnswered(url: string, talk: Buffer): Promise<boolean> {
  const web = await RawWebSocket.open(url);
  await web.write(Buffer.concat([talk, frame('{"msg":"ping","id":"last"}')]));
  const answer = await eventually(() => /"last"|"error"/.test(web.heard) || web.isOver).catch(() => false);
  web.socket.destroy();
  return answer;
}

const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('a message', () => {
  const messages = [
    '',
    ' ',
    '{',
    'null',
    'true',
    '7',
    '"connect"',
    '[]',
    '[1]',
    '{}',
    '{"msg":null}',
    '{"msg":3}',
    '{"msg":["sub"]}',
    '{"msg":{"toString":1,"valueOf":1}}',
    '{"msg":"toString"}',
    '{"msg":"__proto__"}',
    '{"msg":"constructor"}',
    '{"msg":"method"}',
    '{"msg":"method","id":{},"method":"x"}',
    '{"msg":"method","id":"1","method":"__proto__","params":[]}',
    '{"msg":"method","id":"1","method":"valueOf","params":[]}',
    '{"msg":"method","id":"1","method":"toString","params":[{}]}',
    '{"msg":"method","id":"1","method":"visitors.enter","params":[{"__proto__":{"a":1}}]}',
    '{"msg":"method","id":"1","method":"visitors.enter","params":[{"$type":"oid","$value":"zz"}]}',
    '{"msg":"method","id":"1","method":"visitors.enter","params":[{"$date":"x"},{"$binary":5},{"$regexp":"("}]}',
    '{"msg":"method","id":"1","method":"console.login","params":[5]}',
    '{"msg":"method","id":"1","method":"console.enter","params":[{"$gt":""}]}',
    '{"msg":"method","id":"1","method":"link.prove","params":[{},[]]}',
    '{"msg":"method","id":"1","method":"reports.build","params":[null]}',
    '{"msg":"method","id":"1","method":"burn.start","params":[{"seconds":{"$InfNaN":0},"tasks":1}]}',
    '{"msg":"method","id":"1","method":"x","randomSeed":{}}',
    '{"msg":"sub","id":"1","name":"__proto__"}',
    '{"msg":"sub","id":"1","name":"toString","params":[]}',
    '{"msg":"sub","id":"1","name":"tasks.mine","params":{"length":1}}',
    '{"msg":"sub","id":"1","name":"console.state","params":[{"a":{"$type":"x","$value":1}}]}',
    '{"msg":"unsub","id":{}}',
    '{"msg":"unsub","id":5}',
    '{"msg":"unsub"}',
    '{"msg":"ping","id":{}}',
    '{"msg":"ping","id":5}',
    '{"msg":"pong","id":[]}',
    '{"msg":"connect"}',
    '{"msg":"connect","version":{},"support":"1"}',
    '{"msg":"connect","version":"1","support":["1"],"session":{"a":1}}',
    '{"msg":"added","collection":"users","id":"1","fields":{"a":1}}',
    '{"msg":"x","cleared":5}',
    '{"msg":"x","fields":5,"cleared":["a"]}',
    '{"msg":"sub","id":1,"cleared":["__proto__"]}',
    `{"msg":"sub","id":1,"deep":${deep(5_000)}}`,
    `{"msg":"method","id":1,"deep":${deep(100_000)}}`,
    `{"msg":"method","id":"1","method":"visitors.enter","params":${deep(3_000)}}`,
    `{"deep":${deep(100_000)}}`,
    deep(100_000),
    '['.repeat(200_000),
    `"${'\\"'.repeat(200_000)}`,
    '\u0000',
    '\ud800',
    `{"msg":"${'x'.repeat(100_000)}"}`,
  ];

  test('of no sense harms nobody, before and after the greeting', () => {
    const talks = messages.flatMap(text => [frame(text), Buffer.concat([connect, frame(text)])]);
    return unharmed(talks.length, async url => {
      const unanswered = await Promise.all(
        talks.map(async talk => ((await isAnswered(url, talk)) ? '' : String(talk))),
      );
      expect(unanswered.filter(Boolean)).toEqual([]);
    });
  });

  test('of any kind leaves other connections alone', async () => {
    const { client } = await ForeignClient.visitor(roles.webUrl);
    expect(client.isOpen).toBe(true);
    client.close();
  });
});

const describeHere = runningPair() ? describe.skip : describe;

describeHere('after all that', () => {
  test('both roles are the processes that they were', () => {
    for (const role of [roles.web!, roles.jobs!]) expect(() => process.kill(role.pid, 0)).not.toThrow();
  });
});
