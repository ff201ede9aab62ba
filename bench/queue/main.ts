/**
 * `npm run bench`: the queue beside its peers, in one run on this machine. Each measurement runs in a process of its own,
 * each round goes through all peers in turn, and the table shows the medians. Peers whose server is not installed
 * (Redis, PostgreSQL) are left out, and said so.
 *
 * BENCH_ROUNDS (3), BENCH_TASKS (20000), BENCH_ONE_BY_ONE (4000), BENCH_SAMPLES (200), BENCH_STEADY_SECONDS (40),
 * BENCH_QUEUED (1000000), BENCH_PAUSED (100000). BENCH_PEERS and BENCH_WORKLOADS take a list of names. `BENCH_OUT=docs`
 * writes all rounds to docs/benchmarks.json and the table into docs/benchmarks.md.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureClaims } from './claims';
import { inOwnProcess } from './own-process';
import { installPackages } from './packages';
import type { Peer } from './peer';
import { type PeerName, peers } from './peers';
import { markdown } from './report';
import { median, Results } from './results';
import { type Servers, startServers } from './servers';
import { type Figures, type WorkloadName, workloads } from './workloads';

/** What follows it in docs/benchmarks.md is written by this program. */
const figuresMark = '## Figures';

const size = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const chosen = <T extends string>(variable: string, all: readonly T[]): T[] => {
  const wanted = process.env[variable]?.split(',');
  return all.filter(name => !wanted || wanted.includes(name));
};
const names = chosen('BENCH_PEERS', Object.keys(peers) as PeerName[]);
const workloadNames = chosen('BENCH_WORKLOADS', Object.keys(workloads) as WorkloadName[]);

async function main(): Promise<void> {
  const packages = installPackages(names.map(name => peers[name]));
  const servers = await startServers();
  try {
    const there = names.filter(name => isThere(peers[name], servers));
    const results = new Results(there);
    for (let round = 0; round < size('BENCH_ROUNDS', 3); round++) await measureAll(results, there, packages, servers);
    const claims = await measureClaims(
      servers.mongodb.url,
      size('BENCH_QUEUED', 1_000_000),
      size('BENCH_PAUSED', 100_000),
    );
    print(results, servers, claims);
  } finally {
    await Promise.all(Object.values(servers).map(server => server?.stop()));
  }
}

function isThere({ name, server }: Peer, servers: Servers): boolean {
  if (servers[server]) return true;
  console.error(`${name}: left out, its server is not installed`);
  return false;
}

async function measureAll(results: Results, there: PeerName[], packages: string, servers: Servers): Promise<void> {
  for (const workload of workloadNames)
    for (const name of there) {
      const { only = workloadNames } = peers[name] as Peer;
      if (!only.includes(workload)) continue;
      const load = Math.round((median(results.of(name, 'batched', 'perSecond')) ?? 1_000) / 2);
      const url = servers[peers[name].server]?.url ?? '';
      const figures = await inOwnProcess('measure.ts', {
        peer: name,
        workload,
        url,
        packages,
        sizes: sizesOf(peers[name], load),
      });
      results.add(name, workload, figures);
      console.error(`${peers[name].name}, ${workload}: ${JSON.stringify(figures)}`);
    }
}

/** A peer that takes tasks one by one only would need minutes for what the others do in seconds. */
function sizesOf(peer: Peer, load: number) {
  const share = peer.noBatches ? 0.1 : 1;
  const [tasks, oneByOne] = [
    size('BENCH_TASKS', 20_000) * share,
    size('BENCH_ONE_BY_ONE', 4_000) * Math.max(share, 0.25),
  ];
  const steadySeconds = size('BENCH_STEADY_SECONDS', 40);
  return { tasks, oneByOne, samples: size('BENCH_SAMPLES', 200), load, steadySeconds };
}

function print(results: Results, servers: Servers, claims: Record<string, Figures>): void {
  const page = markdown(results, servers, claims);
  console.log(page);
  const folder = process.env.BENCH_OUT;
  if (!folder) return;
  const file = join(folder, 'benchmarks.md');
  const before = existsSync(file) ? readFileSync(file, 'utf8') : figuresMark;
  writeFileSync(file, `${before.slice(0, before.indexOf(figuresMark))}${figuresMark}\n\n${page}\n`);
  writeFileSync(join(folder, 'benchmarks.json'), `${JSON.stringify({ peers: results.all, claims }, undefined, 2)}\n`);
}

main().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
