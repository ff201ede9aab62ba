import { cpus, loadavg } from 'node:os';
import type { Peer } from './peer';
import { type PeerName, peers } from './peers';
import { median, type Results } from './results';
import type { Servers } from './servers';
import type { Figures, WorkloadName } from './workloads';

type Column = [title: string, cell: (results: Results, name: PeerName) => string];

const show = (value: number | undefined, digits = 0) =>
  value === undefined || Number.isNaN(value)
    ? '–'
    : value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

const middle =
  (workload: WorkloadName, figure: string, digits = 0) =>
  (results: Results, name: PeerName) =>
    show(median(results.of(name, workload, figure)), digits);

const percentiles = (workload: WorkloadName) => (results: Results, name: PeerName) =>
  `${middle(workload, 'p50', 1)(results, name)} / ${middle(workload, 'p99', 1)(results, name)}`;

const throughputColumns: Column[] = [
  ['batched /s', middle('batched', 'perSecond')],
  ['of 10 ms /s', middle('batchedOf10Ms', 'perSecond')],
  ['1 caller /s', middle('oneByOne1', 'perSecond')],
  ['16 callers /s', middle('oneByOne16', 'perSecond')],
  ['64 callers /s', middle('oneByOne64', 'perSecond')],
];

const otherColumns: Column[] = [
  ['add to start ms, p50 / p99', percentiles('latency')],
  ['the same under half load', percentiles('latencyUnderLoad')],
  ['after 30 s of 200 a second', percentiles('steady')],
  ['first task ms', middle('firstTask', 'ms')],
  ['idle CPU %', middle('idle', 'cpuPercent', 2)],
  ['idle commands /s', middle('idle', 'perSecond', 1)],
  ['memory MB', middle('idle', 'megabytes')],
];

/** Ours against a peer's, and what we want it to be at least. */
const aims: [what: string, workload: WorkloadName, figure: string, ours: PeerName, theirs: PeerName, aim: string][] = [
  [
    'batched, worker processes / BullMQ in process, flushed each second',
    'batched',
    'perSecond',
    'tandem',
    'bullmq',
    '≥ 1',
  ],
  ['batched, worker processes / BullMQ sandboxed', 'batched', 'perSecond', 'tandem', 'bullmqSandboxed', '≥ 3.5'],
  ['batched, nothing kept / the driver alone', 'batched', 'perSecond', 'tandemForgotten', 'mongodbDriver', '≥ 0.8'],
  ['batched / Agenda', 'batched', 'perSecond', 'tandem', 'agenda', '≥ 30'],
  ['16 callers / BullMQ, each write flushed', 'oneByOne16', 'perSecond', 'tandem', 'bullmqAlways', '≥ 0.8'],
  ['64 callers / BullMQ, each write flushed', 'oneByOne64', 'perSecond', 'tandem', 'bullmqAlways', '≥ 0.8'],
  ['16 callers / Graphile Worker', 'oneByOne16', 'perSecond', 'tandem', 'graphileWorker', '≥ 5'],
  ['add to start p50 / Graphile Worker', 'latency', 'p50', 'tandem', 'graphileWorker', '≤ 1'],
];

export function markdown(results: Results, servers: Servers, claims: Record<string, Figures>): string {
  return [
    `${cpus().length} cores (${cpus()[0]?.model}), Node ${process.versions.node}, ${versions(servers)}; load ${loadavg()[0]?.toFixed(1)} at the end.`,
    table(['', 'durable', 'keeps of what is done', ...titles(throughputColumns)], results, name => [
      peers[name].durability,
      peers[name].keeps,
      ...cells(throughputColumns, results, name),
    ]),
    table(['', ...titles(otherColumns)], results, name => cells(otherColumns, results, name)),
    ratios(results, claims),
    claimTable(claims),
  ].join('\n\n');
}

function versions(servers: Servers): string {
  const packages = Object.assign({}, ...Object.values(peers).map((peer: Peer) => peer.packages)) as object;
  const ofServers = Object.entries(servers).flatMap(([name, server]) => (server ? [`${name} ${server.version}`] : []));
  return [...ofServers, ...Object.entries(packages).map(([name, version]) => `${name} ${version}`)].join(', ');
}

const titles = (columns: Column[]) => columns.map(([title]) => title);
const cells = (columns: Column[], results: Results, name: PeerName) => columns.map(([, cell]) => cell(results, name));
const line = (values: readonly string[]) => `| ${values.join(' | ')} |`;

function table(head: string[], results: Results, rowOf: (name: PeerName) => string[]): string {
  const rows = results.names.map(name => line([peers[name].name, ...rowOf(name)]));
  return [line(head), line(head.map(() => '---')), ...rows].join('\n');
}

function ratios(results: Results, claims: Record<string, Figures>): string {
  const ofPeers = aims.map(([what, workload, figure, ours, theirs, aim]) => {
    const [one, other] = [ours, theirs].map(name => median(results.of(name, workload, figure)));
    return line([what, ratio(one, other), aim]);
  });
  const [short, , long] = Object.values(claims);
  const idle = (figure: string) => show(median(results.of('tandem', 'idle', figure)), 2);
  const others = [
    line(['a claim in the longest queue / in the shortest, p50', ratio(long?.p50, short?.p50), '≤ 1.2']),
    line(['idle: % of a core', idle('cpuPercent'), '< 0.5']),
    line(['idle: commands to the database a second, in all', idle('perSecond'), '≤ 2']),
  ];
  return [line(['', 'here', 'aim']), line(['---', '---', '---']), ...ofPeers, ...others].join('\n');
}

function ratio(one: number | undefined, other: number | undefined): string {
  return one && other ? show(one / other, 2) : '–';
}

function claimTable(claims: Record<string, Figures>): string {
  const rows = Object.entries(claims).map(([what, { p50, p99, megabytes }]) =>
    line([what, show(p50, 1), show(p99, 1), show(megabytes)]),
  );
  const head = ['claim of 20 tasks', 'p50 ms', 'p99 ms', 'MB of a process that works for it'];
  return [line(head), line(head.map(() => '---')), ...rows].join('\n');
}
