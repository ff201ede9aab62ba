import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../infra/dev/database/mongodb-download';
import { root } from './run';

interface Chromium {
  executablePath: string;
  /** Where the system libraries and fonts are that it brings: a bare machine has none. */
  env: NodeJS.ProcessEnv;
}

/** The Chromium inside @sparticuz/chromium, unpacked once per version into the cache, whole or not at all. */
export async function carriedChromium(): Promise<Chromium> {
  const folder = join(cacheFolder(), `chromium-${await version()}`);
  if (!existsSync(folder)) await unpack(folder);
  const env = { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'), FONTCONFIG_FILE: await fontsOf(folder) };
  return { executablePath: join(folder, 'chromium'), env };
}

/** Its own list of fonts looks in /tmp/fonts, where it was not unpacked; a Chromium that finds no font at all dies. */
async function fontsOf(folder: string): Promise<string> {
  const file = join(folder, 'fonts', 'unpacked-here.conf');
  const lines = [
    '<?xml version="1.0"?>',
    '<!DOCTYPE fontconfig SYSTEM "fonts.dtd">',
    `<fontconfig><dir>${join(folder, 'fonts')}</dir><cachedir>${join(folder, 'fonts-cache')}</cachedir></fontconfig>`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

/** The package unpacks into TMPDIR and takes whatever lies there already: so it gets a fresh one, in a process of its own. */
async function unpack(folder: string): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const fresh = await mkdtemp(join(cacheFolder(), '.unpacking-'));
  try {
    const script = "import chromium from '@sparticuz/chromium'; await chromium.executablePath();";
    // As on a machine that has none of the libraries: then the package unpacks them too.
    const env = { ...process.env, TMPDIR: fresh, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' };
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: root, env });
    await rename(fresh, folder).catch(error => {
      if (!existsSync(folder)) throw error; // else somebody else was first, with the same files
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function version(): Promise<string> {
  const file = join(root, 'node_modules', '@sparticuz', 'chromium', 'package.json');
  return JSON.parse(await readFile(file, 'utf8')).version;
}
