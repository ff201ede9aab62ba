import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { type BuildOptions, type BuildResult, build, type Metafile, type Plugin } from 'esbuild';
import { buildIdOf, hashInput, lockFile, type WorkerManifest } from '../../workers/worker-file';
import { root as checkout } from '../root';

export interface BuildWorkerOptions {
  /** The project's folder. Default: this checkout. */
  root?: string;
  /** The folder for main.js and main.json. Default: private/workers, which Meteor copies into its bundle. */
  outDir?: string;
  /** Default: imports/tasks/worker.ts. */
  entry?: string;
  /** Replaces imports/tasks/handlers/index.ts, with another catalog's handlers. */
  handlers?: string;
  /** Replaces imports/tasks/catalog.ts. */
  catalog?: string;
}

export interface BuiltWorker extends WorkerManifest {
  /** The bundled file. */
  file: string;
  /** Whether the build differs from the one before. */
  changed: boolean;
  /** esbuild's own report of the inputs. */
  metafile: Metafile;
}

/** Optional packages of the MongoDB driver. None is installed, and the driver works without them. */
const optionalOfMongo = [
  'kerberos',
  '@mongodb-js/zstd',
  '@aws-sdk/credential-providers',
  'gcp-metadata',
  'snappy',
  'socks',
  'aws4',
  'mongodb-client-encryption',
];

/**
 * Bundles the worker's entry, the handlers and all npm packages that they use into one CommonJS file, which a role
 * forks. The old file stays until the new one is complete.
 */
export async function buildWorker(options: BuildWorkerOptions = {}): Promise<BuiltWorker> {
  return writeWorker(await build(workerBundle(options)), options);
}

/** How the worker file is bundled; `writeWorker` takes what comes of it. */
export function workerBundle({ root = checkout, handlers, catalog, ...options }: BuildWorkerOptions = {}) {
  const { outDir, entry = join(root, 'imports/tasks/worker.ts') } = options;
  return {
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: join(folderOf({ root, outDir }), 'main.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: optionalOfMongo,
    plugins: [standIns(root, handlers, catalog), noMapsOfPackages],
    // Reading its file takes half the time of a worker's start.
    minifyWhitespace: true,
    sourcemap: 'inline',
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: 'silent',
  } satisfies BuildOptions;
}

/** Writes the worker file and its manifest. @param options as `workerBundle` had them. */
export function writeWorker(
  { metafile, outputFiles }: BuildResult<ReturnType<typeof workerBundle>>,
  options: BuildWorkerOptions = {},
): BuiltWorker {
  const manifest = manifestOf(options.root ?? checkout, metafile);
  const outDir = folderOf(options);
  const file = join(outDir, 'main.js');
  mkdirSync(outDir, { recursive: true });
  const written = [
    replace(join(outDir, 'main.json'), Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)),
    replace(file, Buffer.from(outputFiles[0]!.contents)),
  ];
  return { ...manifest, file, changed: written.includes(true), metafile };
}

const folderOf = ({ root = checkout, outDir = join(root, 'private/workers') }: BuildWorkerOptions) => outDir;

/** Replaces the app's catalog and registry of handlers by others. */
function standIns(root: string, handlers?: string, catalog?: string): Plugin {
  const replaced = new Map<string, string>();
  if (handlers) replaced.set(join(root, 'imports/tasks/handlers'), resolve(handlers));
  if (catalog) replaced.set(join(root, 'imports/tasks/catalog'), resolve(catalog));
  return {
    name: 'stand-ins',
    setup({ onResolve }) {
      if (replaced.size === 0) return;
      onResolve({ filter: /(^|\/)(catalog|handlers)$/ }, ({ path, resolveDir }) => {
        const standIn = replaced.get(resolve(resolveDir, path));
        return standIn ? { path: standIn } : undefined;
      });
    },
  };
}

/** Stack traces name the app's own files; a map of all packages would only slow down the start of workers. */
const noMapsOfPackages: Plugin = {
  name: 'no-maps-of-packages',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/].*\.(c|m)?js$/ }, ({ path }) => ({
      contents: `${readFileSync(path, 'utf8')}\n${emptyMap}`,
      loader: 'default',
    }));
  },
};

const emptyMap = `//# sourceMappingURL=data:application/json;base64,${Buffer.from(
  JSON.stringify({ version: 3, sources: [''], mappings: 'AAAA' }),
).toString('base64')}`;

function manifestOf(root: string, metafile: Metafile): WorkerManifest {
  const paths = Object.keys(metafile.inputs)
    .map(path => (isAbsolute(path) ? relative(root, path) : path).split(sep).join('/'))
    .filter(path => !path.includes('node_modules/') && !path.includes(':'));
  const hashed = [...paths, lockFile].sort().map(path => [path, hashInput(root, path) ?? ''] as const);
  const inputs = Object.fromEntries(hashed);
  return { buildId: buildIdOf(inputs), inputs };
}

/**
 * Writes by renaming, so that a role that starts meanwhile never reads a partial file. Writes only a different file, so
 * that watchers of the folder do not wake up for nothing.
 *
 * @returns whether the file was different.
 */
function replace(path: string, content: Buffer): boolean {
  if (existsSync(path) && readFileSync(path).equals(content)) return false;
  const next = `${path}.${process.pid}.new`;
  writeFileSync(next, content);
  renameSync(next, path);
  return true;
}
