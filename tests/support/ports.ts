import { isFree } from '../../infra/dev/ports';

/**
 * Below the range that systems give out by themselves (from 32768 on Linux, from 49152 elsewhere), so that no
 * connection of another test takes the port between our look at it and its use; above what programs are known by.
 */
const ranges = { from: 12_000, size: 6_600, count: 3 };

/** A port for a program that a test starts: the test files that run at the same time draw from ranges of their own. */
export async function testPort(): Promise<number> {
  const worker = Number(process.env.JEST_WORKER_ID ?? 1) % ranges.count;
  for (;;) {
    const port = ranges.from + worker * ranges.size + Math.floor(Math.random() * ranges.size);
    if (port !== reserved && (await isFree(port))) return port;
  }
}

/** Where `npm start` of a new checkout puts its database: several tests start one. */
const reserved = 27_117;

/** A port that is free together with those 100 and 101 above: the web role's and those of two jobs roles. */
export async function testPortPair(): Promise<number> {
  for (;;) {
    const port = await testPort();
    if ((await isFree(port + 100)) && (await isFree(port + 101))) return port;
  }
}
