/** Globals that every handler and every package relies on. */
const names = [
  ...['Object', 'Function', 'Array', 'String', 'Number', 'Boolean', 'Symbol', 'BigInt', 'Math', 'JSON', 'Reflect'],
  ...['Promise', 'Map', 'Set', 'WeakMap', 'WeakRef', 'Date', 'RegExp', 'Proxy', 'Error', 'Uint8Array', 'ArrayBuffer'],
  ...['Buffer', 'URL', 'AbortController', 'TextDecoder', 'fetch', 'structuredClone', 'queueMicrotask', 'crypto'],
  ...['setTimeout', 'clearTimeout', 'setInterval', 'setImmediate', 'process'],
] as const;

interface Intrinsic {
  readonly holder: object;
  readonly key: string | symbol;
  readonly value: unknown;
  readonly name: string;
}

/** The functions of JavaScript and Node when this object was created: a handler that replaces one breaks others. */
export class Intrinsics {
  private readonly kept: Intrinsic[];

  constructor() {
    const globals = globalThis as unknown as Record<string, object & { prototype?: object }>;
    this.kept = names.flatMap(name => {
      const { prototype } = globals[name] ?? {};
      return [
        ...functionsOf(globalThis, '', [name]),
        ...functionsOf(globals[name], `${name}.`),
        ...functionsOf(prototype, `${name}.prototype.`),
      ];
    });
  }

  /** The name of one that was replaced since then, such as `JSON.parse`. */
  findReplaced(): string | undefined {
    // A plain loop: `find` may be what was replaced.
    for (const intrinsic of this.kept) if (isReplaced(intrinsic)) return intrinsic.name;
    return undefined;
  }
}

function functionsOf(holder: object | undefined, path: string, keys = Reflect.ownKeys(holder ?? {})): Intrinsic[] {
  if (!holder) return [];
  return keys.flatMap(key => {
    const value: unknown = Object.getOwnPropertyDescriptor(holder, key)?.value;
    return typeof value === 'function' ? [{ holder, key, value, name: `${path}${String(key)}` }] : [];
  });
}

function isReplaced({ holder, key, value }: Intrinsic): boolean {
  try {
    return (holder as Record<string | symbol, unknown>)[key] !== value;
  } catch {
    return true;
  }
}
