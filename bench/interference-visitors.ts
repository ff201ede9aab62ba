import { ForeignClient } from '../tests/support/foreign-ddp';
import { percentile } from './percentile';

/** The round trips of one measurement, in milliseconds. */
export interface RoundTrips {
  calls: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

// A visitor may read the pulse 50 times in ten seconds.
export const everyMs = 250;
const page = ['reports.mine', 'pictures.mine', 'tasks.mine', 'notifications.latest'];

/** Visitors who look at the page, as a browser does: its subscriptions are what a bulk of writes could reach them by. */
export function openVisitors(webUrl: string, count: number): Promise<ForeignClient[]> {
  return Promise.all(Array.from({ length: count }, () => openVisitor(webUrl)));
}

export async function openVisitor(webUrl: string): Promise<ForeignClient> {
  const client = await ForeignClient.open(webUrl);
  await client.enter();
  await Promise.all(page.map(name => client.subscribe(name)));
  return client;
}

/** The first calls compile what they run. By others: a connection may not call without end. */
export async function warmUp(webUrl: string): Promise<void> {
  const clients = await openVisitors(webUrl, 20);
  for (let round = 0; round < 40; round += 1) await Promise.all(clients.map(client => client.call('pulse.read')));
  for (const client of clients) client.close();
}

/**
 * The round trips of all visitors' calls while `meanwhile` goes on, and at least for `atLeastMs`. Each calls at a steady
 * pace, whatever the last call took, so that a slow answer hides none behind it.
 */
export async function measure(
  clients: readonly ForeignClient[],
  atLeastMs: number,
  meanwhile: Promise<unknown> = Promise.resolve(),
): Promise<RoundTrips> {
  const took: number[] = [];
  const calls: Promise<unknown>[] = [];
  const call = async (client: ForeignClient) => {
    const from = performance.now();
    await client.call('pulse.read');
    took.push(performance.now() - from);
  };
  const timers: NodeJS.Timeout[] = [];
  for (const [place, client] of clients.entries()) {
    const begin = () => timers.push(setInterval(() => calls.push(call(client)), everyMs));
    timers.push(setTimeout(begin, (place * everyMs) / clients.length));
  }
  await Promise.all([meanwhile, new Promise(resolve => setTimeout(resolve, atLeastMs))]);
  for (const timer of timers) clearInterval(timer);
  await Promise.all(calls);
  return summary(took.sort((a, b) => a - b));
}

function summary(sorted: readonly number[]): RoundTrips {
  const at = (share: number) => Math.round(percentile(sorted, share) * 100) / 100;
  return { calls: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
