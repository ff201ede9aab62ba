import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { messageOf } from '../errors/plain-error';

/**
 * Loads an npm package that holds native code: it can't be bundled into the worker file, and is found beside it. Call it
 * in the handler, so that only a worker that needs the package loads it.
 *
 * @example
 * import type sharpOf from 'sharp';
 * const sharp = nativePackage<typeof sharpOf>('sharp');
 * @throws an Error of one line that says what to do, where this machine has no such package, or not for its system.
 */
export function nativePackage<Exports>(name: string): Exports {
  try {
    return createRequire(placeOf(name))(name) as Exports;
  } catch (cause) {
    const { platform, arch } = process;
    const [reason] = messageOf(cause).split('\n');
    const remedy = `Where the app is installed or built, run: npm install --os=${platform} --cpu=${arch}${libcFlag()} ${name}`;
    throw new Error(`${name} can't be loaded on ${platform}-${arch}: ${reason} ${remedy}`, { cause });
  }
}

/** A Meteor bundle keeps its packages in programs/server/npm, which is no folder where Node looks. */
function placeOf(name: string): string {
  for (let folder = dirname(__filename); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'npm/node_modules', name))) return join(folder, 'npm/');
  }
  return __filename;
}

function libcFlag(): string {
  if (process.platform !== 'linux') return '';
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime ? ' --libc=glibc' : ' --libc=musl';
}
